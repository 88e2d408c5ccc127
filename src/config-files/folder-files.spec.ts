import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FolderFiles } from './folder-files';

let root: string;
let folder: string;
let files: FolderFiles;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'jobato-folder-files-'));
  folder = join(root, 'config', 'projects');
  mkdirSync(folder, { recursive: true });
  files = open();
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const open = (removedAfterMs?: number) =>
  new FolderFiles(join(root, 'config'), folder, (name) => name.endsWith('.yaml'), removedAfterMs);
const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
const seen = async () => {
  await files.look();
  return Object.fromEntries([...files.files].map(([name, { source, flaw }]) => [name, flaw ?? source]));
};

describe('a look finds what changed', () => {
  it.each<[string, () => void]>([
    ['in place, to a text of the same length', () => write('a.yaml', 'two')],
    [
      'with its time of modification kept',
      () => {
        const { atime, mtime } = statSync(join(folder, 'a.yaml'));
        write('a.yaml', 'two');
        utimesSync(join(folder, 'a.yaml'), atime, mtime);
      },
    ],
    [
      'by a rename over it',
      () => {
        writeFileSync(join(root, 'new'), 'two');
        renameSync(join(root, 'new'), join(folder, 'a.yaml'));
      },
    ],
    [
      'in a folder that was removed and made again',
      () => {
        rmSync(folder, { recursive: true });
        mkdirSync(folder);
        write('a.yaml', 'two');
      },
    ],
    [
      'in a folder that was moved in',
      () => {
        const next = join(root, 'next');
        cpSync(folder, next, { recursive: true });
        writeFileSync(join(next, 'a.yaml'), 'two');
        renameSync(folder, join(root, 'old'));
        renameSync(next, folder);
      },
    ],
    [
      'in a configuration folder that became a link',
      () => {
        renameSync(join(root, 'config'), join(root, 'release-2'));
        write2('release-2', 'two');
        symlinkSync(join(root, 'release-2'), join(root, 'config'));
      },
    ],
  ])('%s', async (_how, change) => {
    write('a.yaml', 'one');
    expect(await seen()).toEqual({ 'a.yaml': 'one' });
    change();
    expect(await seen()).toEqual({ 'a.yaml': 'two' });
  });

  it('behind a link that was switched, as Kubernetes does with a ConfigMap', async () => {
    for (const [release, text] of Object.entries({ one: 'one', two: 'two' })) {
      mkdirSync(join(folder, `..${release}`));
      write(`..${release}/a.yaml`, text);
    }
    symlinkSync('..one', join(folder, '..data'));
    symlinkSync(join('..data', 'a.yaml'), join(folder, 'a.yaml'));
    expect(await seen()).toEqual({ 'a.yaml': 'one' });
    symlinkSync('..two', join(folder, 'switched'));
    renameSync(join(folder, 'switched'), join(folder, '..data'));
    expect(await seen()).toEqual({ 'a.yaml': 'two' });
  });

  it('and takes note of new files, and of no other names', async () => {
    write('b.yaml', 'new');
    write('README.md', '#');
    expect(await seen()).toEqual({ 'b.yaml': 'new' });
  });
});

function write2(release: string, text: string): void {
  writeFileSync(join(root, release, 'projects', 'a.yaml'), text);
}

describe('what cannot be read keeps its text, with the reason:', () => {
  const unreadable = (path: string, make: (path: string) => void) => () => {
    rmSync(path, { recursive: true, force: true });
    make(path);
  };
  it.each<[string, () => () => void, RegExp]>([
    [
      'a link that leads nowhere',
      () => unreadable(join(folder, 'a.yaml'), (path) => symlinkSync('nowhere', path)),
      /^the file cannot be read: no such file/,
    ],
    [
      'a link to itself',
      () => unreadable(join(folder, 'a.yaml'), (path) => symlinkSync('a.yaml', path)),
      /^the file cannot be read: too many symbolic links/,
    ],
    [
      'a folder',
      () => unreadable(join(folder, 'a.yaml'), (path) => mkdirSync(path)),
      /^the file cannot be read: illegal operation on a directory/,
    ],
    [
      'UTF-16',
      () => () => writeFileSync(join(folder, 'a.yaml'), Buffer.from('\ufeffid: a', 'utf16le')),
      /^the file cannot be read: it is encoded as UTF-16/,
    ],
  ])('%s', async (_what, breaking, reason) => {
    write('a.yaml', 'one');
    files = open(0);
    await files.look();
    breaking()();
    await files.look();
    expect(files.files.get('a.yaml')).toMatchObject({ source: 'one', flaw: expect.stringMatching(reason) });
    rmSync(join(folder, 'a.yaml'), { recursive: true });
    write('a.yaml', 'one');
    await files.look();
    expect(files.files.get('a.yaml')).toMatchObject({ source: 'one', flaw: null });
  });

  it.each<[string, () => void]>([
    ['the folder is a link that leads nowhere', () => replace(folder, (path) => symlinkSync('gone', path))],
    ['the folder is a file', () => replace(folder, (path) => writeFileSync(path, ''))],
    ['the whole configuration is gone', () => rmSync(join(root, 'config'), { recursive: true })],
    [
      'the configuration is a link that leads nowhere',
      () => replace(join(root, 'config'), (path) => symlinkSync('gone', path)),
    ],
  ])('%s', async (_what, change) => {
    write('a.yaml', 'one');
    files = open(0);
    await files.look();
    change();
    await files.look();
    await files.look();
    expect(files.trouble).toMatch(/^the folder cannot be read: /);
    expect(files.files.get('a.yaml')).toMatchObject({ source: 'one' });
    rmSync(join(root, 'config'), { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    write('a.yaml', 'two');
    await files.look();
    expect([files.trouble, files.files.get('a.yaml')?.source]).toEqual([null, 'two']);
  });
  function replace(path: string, make: (path: string) => void): void {
    rmSync(path, { recursive: true });
    make(path);
  }
});

describe('a file that is removed', () => {
  it('is kept for a moment, in which a deployment may bring it back', async () => {
    write('a.yaml', 'one');
    await files.look();
    unlinkSync(join(folder, 'a.yaml'));
    await files.look();
    expect(files.files.get('a.yaml')).toMatchObject({ source: 'one', missingSinceMs: expect.any(Number) });
    write('a.yaml', 'two');
    await files.look();
    expect(files.files.get('a.yaml')).toMatchObject({ source: 'two', missingSinceMs: null });
  });

  it.each<[string, () => void]>([
    ['alone', () => unlinkSync(join(folder, 'a.yaml'))],
    ['with its folder', () => rmSync(folder, { recursive: true })],
  ])('%s, is gone after that', async (_what, remove) => {
    write('a.yaml', 'one');
    files = open(0);
    await files.look();
    remove();
    expect(await seen()).toEqual({});
    expect(files.trouble).toBeNull();
  });
});

it('reads a file again only when it changed, once its time is old enough to tell', async () => {
  write('a.yaml', 'one');
  const { ctimeMs } = statSync(join(folder, 'a.yaml'));
  const now = jest.spyOn(Date, 'now').mockReturnValue(ctimeMs + 2_050);
  await files.look();
  now.mockRestore();
  const { version } = files.files.get('a.yaml')!;
  expect(version).not.toBeNull();
  files.files.get('a.yaml')!.source = 'kept';
  expect(await seen()).toEqual({ 'a.yaml': 'kept' });
  appendFileSync(join(folder, 'a.yaml'), ' more');
  expect(await seen()).toEqual({ 'a.yaml': 'one more' });
});

describe('a quick check', () => {
  beforeEach(async () => {
    write('a.yaml', 'one');
    write('b.yaml', 'one');
    // A version counts only once its timestamps are old enough to be reliable.
    const now = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 5_000);
    await files.look();
    now.mockRestore();
  });

  it('finds all current while nothing changed', () => {
    expect(files.isListCurrent()).toBe(true);
    expect(files.isCurrent('a.yaml')).toBe(true);
  });

  it.each<[string, () => void]>([
    ['edited', () => appendFileSync(join(folder, 'a.yaml'), ' more')],
    ['removed', () => unlinkSync(join(folder, 'a.yaml'))],
    ['replaced', () => renameSync(join(folder, 'b.yaml'), join(folder, 'a.yaml'))],
    ['gone with its folder', () => rmSync(folder, { recursive: true })],
  ])('notices that a file was %s', (_what, change) => {
    change();
    expect(files.isCurrent('a.yaml')).toBe(false);
  });

  it('takes no notice of an edit of another file', () => {
    appendFileSync(join(folder, 'a.yaml'), ' more');
    expect(files.isCurrent('b.yaml')).toBe(true);
    expect(files.isListCurrent()).toBe(true);
  });

  it.each<[string, () => void]>([
    ['was added', () => write('c.yaml', 'one')],
    ['was removed', () => unlinkSync(join(folder, 'b.yaml'))],
    ['has another name', () => renameSync(join(folder, 'b.yaml'), join(folder, 'c.yaml'))],
  ])('notices that a file %s', (_what, change) => {
    change();
    expect(files.isListCurrent()).toBe(false);
  });

  it('takes no file for current that it does not know', () => {
    expect(files.isCurrent('c.yaml')).toBe(false);
  });
});
