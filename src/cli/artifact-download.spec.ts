import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkTargets, saveArtifact } from './artifact-download';

async function* content(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield await Promise.resolve(Buffer.from(text));
}

describe('saveArtifact', () => {
  let base: string;
  let folder: string;
  let outside: string;
  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'jobato-save-'));
    [folder, outside] = [join(base, 'folder'), join(base, 'outside')];
    mkdirSync(outside);
  });
  afterEach(() => rmSync(base, { recursive: true, force: true }));

  it('creates the folders of the name, and the folder itself', async () => {
    await saveArtifact(folder, 'a/b/c.txt', content('one ', 'two'), false);
    expect(readFileSync(join(folder, 'a/b/c.txt'), 'utf8')).toBe('one two');
    expect(readdirSync(join(folder, 'a/b'))).toEqual(['c.txt']);
  });

  it.each([false, true])('follows no link out of the folder (replaces: %s)', async (replaces) => {
    mkdirSync(folder);
    symlinkSync(outside, join(folder, 'a'));
    const saved = saveArtifact(folder, 'a/b/c.txt', content('x'), replaces);
    await expect(saved).rejects.toThrow('a link or a file is where its path has a folder');
    expect(readdirSync(outside)).toEqual([]);
  });

  it('replaces a link itself, not the file that it leads to', async () => {
    mkdirSync(folder);
    writeFileSync(join(outside, 'c.txt'), 'kept');
    symlinkSync(join(outside, 'c.txt'), join(folder, 'c.txt'));
    await saveArtifact(folder, 'c.txt', content('new'), true);
    expect(readFileSync(join(outside, 'c.txt'), 'utf8')).toBe('kept');
    expect(readFileSync(join(folder, 'c.txt'), 'utf8')).toBe('new');
  });

  it('keeps a file that appears during the download', async () => {
    async function* meanwhile() {
      yield* content('new');
      writeFileSync(join(folder, 'c.txt'), 'other');
    }
    await expect(saveArtifact(folder, 'c.txt', meanwhile(), false)).rejects.toThrow('--force');
    expect(readFileSync(join(folder, 'c.txt'), 'utf8')).toBe('other');
    expect(readdirSync(folder)).toEqual(['c.txt']);
  });

  it('leaves nothing of a download that breaks, and keeps the earlier file', async () => {
    mkdirSync(folder);
    writeFileSync(join(folder, 'c.txt'), 'earlier');
    async function* broken() {
      yield* content('half');
      throw new Error('connection lost');
    }
    await expect(saveArtifact(folder, 'c.txt', broken(), true)).rejects.toThrow('connection lost');
    expect(readdirSync(folder)).toEqual(['c.txt']);
    expect(readFileSync(join(folder, 'c.txt'), 'utf8')).toBe('earlier');
  });
});

describe('checkTargets', () => {
  it.each(['../x', '/etc/x', 'a/../../x', 'a\\..\\x', 'a//x', 'a\nb', ''])(
    'refuses the name %j',
    async (name) => expect(checkTargets('.', ['fine.txt', name], true)).rejects.toThrow('is not safe'),
  );

  it('names all existing files before the first download', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'jobato-save-'));
    try {
      for (const name of ['a', 'b']) writeFileSync(join(folder, name), '');
      const checked = checkTargets(folder, ['a', 'b', 'c', 'a/d'], false);
      await expect(checked).rejects.toThrow(`${join(folder, 'a')}\n  ${join(folder, 'b')}`);
      expect(existsSync(join(folder, 'c'))).toBe(false);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
