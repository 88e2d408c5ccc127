import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WATCH_LIMITS, watchedFiles } from './watched-files';

const YESTERDAY = new Date('2026-01-01T00:00:00Z');

let top: string;
let folder: string;
beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'jobato-watch-'));
  folder = join(top, 'server');
  write('docs/a.md', 'one');
  write('docs/deep/b.md', 'two');
  write('other/c.md', 'three');
});
afterEach(() => rmSync(top, { recursive: true, force: true }));

/** Writes a file with a fixed time, so that only `at` and `content` change the fingerprint. */
function write(file: string, content: string, at = YESTERDAY): void {
  const path = join(folder, file);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, content);
  utimesSync(path, at, at);
}
const seen = async (...patterns: string[]) => (await watchedFiles(folder, patterns)).fingerprint;

describe('the fingerprint of watched files', () => {
  it.each<[string, () => void]>([
    ['a file is longer', () => write('docs/a.md', 'longer')],
    ['a file has another time', () => write('docs/a.md', 'one', new Date())],
    ['a file is added', () => write('docs/deep/c.md', '')],
    ['a file is removed', () => rmSync(join(folder, 'docs/deep/b.md'))],
    ['a file is renamed', () => renameSync(join(folder, 'docs/a.md'), join(folder, 'docs/z.md'))],
    ['the folder is removed', () => rmSync(join(folder, 'docs'), { recursive: true })],
  ])('changes when %s', async (_what, change) => {
    const before = await seen('docs/**');
    expect(before).toMatch(/^[0-9a-f]{64}$/);
    expect(await seen('docs/**')).toBe(before);
    change();
    const after = await seen('docs/**');
    expect(after).toMatch(/^[0-9a-f]{64}$/);
    expect(after).not.toBe(before);
  });

  it('does not depend on other files, on hidden ones and on the order of patterns', async () => {
    const before = await seen('docs/*.md', 'docs/deep/**');
    write('other/d.md', '');
    write('docs/.hidden', '');
    expect(await seen('docs/deep/**', 'docs/*.md')).toBe(before);
  });

  it('has all files of a folder that is named without a pattern, except those excluded', async () => {
    expect(await seen('docs')).toBe(await seen('docs/**'));
    expect(await seen('docs', '!docs/deep')).toBe(await seen('docs/*'));
  });

  it('is that of no files if nothing matches', async () => {
    expect(await seen('nothing/**')).toBe(await seen('docs/*.none'));
  });

  it('has a link itself and not its target', async () => {
    const outside = join(top, 'outside');
    mkdirSync(outside);
    symlinkSync(outside, join(folder, 'docs', 'link'));
    const before = await seen('docs/**');
    writeFileSync(join(outside, 'new.md'), '');
    expect(await seen('docs/**')).toBe(before);
  });
});

describe('watched files have no fingerprint', () => {
  it('if a pattern leads through a link out of the folder', async () => {
    mkdirSync(join(top, 'outside', 'deep'), { recursive: true });
    writeFileSync(join(top, 'outside', 'deep', 'secret'), '');
    symlinkSync(join(top, 'outside'), join(folder, 'link'));
    expect(await watchedFiles(folder, ['link/deep/**'])).toEqual({
      fingerprint: null,
      reason: 'the folder "link" is a link to a place outside of the searched folder',
    });
    expect(await seen('link/**')).toBe(await seen('nothing/**'));
  });

  it('if a folder cannot be read', async () => {
    const locked = join(folder, 'docs', 'deep');
    chmodSync(locked, 0);
    try {
      const found = await watchedFiles(folder, ['docs/**']);
      // Root reads every folder.
      if (process.getuid?.() !== 0)
        expect(found).toEqual({
          fingerprint: null,
          reason: 'the folder "docs/deep" cannot be read (EACCES)',
        });
    } finally {
      chmodSync(locked, 0o755);
    }
  });

  it.each([
    [{ files: 1 }, 'they are more than 1 files'],
    [{ entries: 2 }, 'their folders have more than 2 entries'],
    [{ milliseconds: 0 }, 'reading them takes too long'],
  ])('beyond the limit %j', async (limit, reason) => {
    // Enough that reading them lasts longer than the shortest timer.
    for (let n = 0; n < 200; n++) write(`docs/n${n}/x`, '');
    expect(await watchedFiles(folder, ['docs/**'], { ...WATCH_LIMITS, ...limit })).toEqual({
      fingerprint: null,
      reason,
    });
  });
});
