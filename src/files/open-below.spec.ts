import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repetitions } from '../../test/support/repetitions';
import { SwappingProcess } from '../../test/support/swapping-process';
import { inFolderBelow, openBelow } from './open-below';

const OPENS = repetitions(400, 4000);
const hasProc = existsSync('/proc/self/fd');

describe('openBelow', () => {
  let base: string;
  let root: string;
  let outside: string;
  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'jobato-open-'));
    [root, outside] = [join(base, 'root'), join(base, 'outside')];
    for (const folder of [join(root, 'run', 'sub'), outside]) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'file'), folder === outside ? 'outside' : 'inside');
    }
  });
  afterEach(() => rmSync(base, { recursive: true, force: true }));

  const read = async (names: string[], options = {}): Promise<string> => {
    const file = await openBelow(root, names, options);
    try {
      return await file.readFile('utf8');
    } finally {
      await file.close();
    }
  };

  describe.each(hasProc ? [true, false] : [false])('with descriptors: %s', (withDescriptors) => {
    const options = { hasProc: withDescriptors };

    it('opens a file', async () => expect(await read(['run', 'sub', 'file'], options)).toBe('inside'));

    it('opens a file when the root folder itself is a link', async () => {
      symlinkSync(root, join(base, 'link'));
      const file = await openBelow(join(base, 'link'), ['run', 'sub', 'file'], options);
      expect(await file.readFile('utf8')).toBe('inside');
      await file.close();
    });

    it.each([
      ['the file is a link', ['run', 'file-link']],
      ['a folder is a link', ['run', 'folder-link', 'file']],
      ['the first folder is a link', ['run-link', 'sub', 'file']],
    ])('rejects a path where %s, even if the target is inside', async (_what, names) => {
      symlinkSync(join(root, 'run', 'sub', 'file'), join(root, 'run', 'file-link'));
      symlinkSync(join(root, 'run', 'sub'), join(root, 'run', 'folder-link'));
      symlinkSync(join(root, 'run'), join(root, 'run-link'));
      await expect(read(names, options)).rejects.toMatchObject({
        code: expect.stringMatching(/ELOOP|ENOTDIR/),
      });
    });

    it.each(['..', '.', '', 'sub/file', 'a\0b'])('rejects the name %j', async (name) => {
      await expect(read(['run', name], options)).rejects.toThrow(/must not be empty/);
      await expect(read(['run', name, 'file'], options)).rejects.toThrow(/must not be empty/);
    });

    it('does not block on a pipe', async () => {
      execFileSync('mkfifo', [join(root, 'run', 'pipe')]);
      const file = await openBelow(root, ['run', 'pipe'], options);
      expect((await file.stat()).isFIFO()).toBe(true);
      await file.close();
    });

    it('moves a file into folders that it creates on the way', async () => {
      const names = ['new', 'deep', 'er'];
      const take = () =>
        inFolderBelow(root, names, (folder) => folder.take(join(outside, 'file'), 'file'), {
          ...options,
          makesFolders: true,
        });
      await take();
      expect(await read([...names, 'file'], options)).toBe('outside');
      expect(readdirSync(outside)).toEqual([]);
    });
  });

  const onLinux = hasProc ? it : it.skip;

  onLinux('leaves no descriptor open', async () => {
    const count = async () => (await readdir('/proc/self/fd')).length;
    const before = await count();
    for (let n = 0; n < 50; n++) {
      await read(['run', 'sub', 'file']);
      await read(['run', 'sub', 'gone']).catch(() => undefined);
      await read(['run', 'file', 'x']).catch(() => undefined);
    }
    expect(await count()).toBeLessThan(before + 10);
  });

  onLinux('never opens a file outside while a process swaps a folder for a link', async () => {
    const swapping = await SwappingProcess.start(join(root, 'run', 'sub'), outside);
    const seen = new Set<string>();
    try {
      // Loop until both states were seen, however the two processes are scheduled.
      for (let n = 0; n < OPENS || seen.size < 2; n++) {
        seen.add(await read(['run', 'sub', 'file']).catch(({ code }: NodeJS.ErrnoException) => code!));
      }
    } finally {
      await swapping.stop();
    }
    // Some reads succeeded, some met the link, and none read the file outside.
    expect(seen).toContain('inside');
    expect(
      [...seen].filter((found) => found !== 'inside').every((code) => /^E(LOOP|NOTDIR|NOENT)$/.test(code)),
    ).toBe(true);
    expect(seen.size).toBeGreaterThan(1);
  });
});
