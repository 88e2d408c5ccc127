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

describe('FolderFiles detects a change', () => {
  it.each<[string, () => void]>([
    ['in place, with a text of the same length', () => write('a.yaml', 'two')],
    [
      'with an unchanged modification time',
      () => {
        const { atime, mtime } = statSync(join(folder, 'a.yaml'));
        write('a.yaml', 'two');
        utimesSync(join(folder, 'a.yaml'), atime, mtime);
      },
    ],
    [
      'by a rename over the file',
      () => {
        writeFileSync(join(root, 'new'), 'two');
        renameSync(join(root, 'new'), join(folder, 'a.yaml'));
      },
    ],
    [
      'in a folder that was removed and recreated',
      () => {
        rmSync(folder, { recursive: true });
        mkdirSync(folder);
        write('a.yaml', 'two');
      },
    ],
    [
      'in a folder that was replaced by a rename',
      () => {
        const next = join(root, 'next');
        cpSync(folder, next, { recursive: true });
        writeFileSync(join(next, 'a.yaml'), 'two');
        renameSync(folder, join(root, 'old'));
        renameSync(next, folder);
      },
    ],
    [
      'in a configuration folder that became a link to another one',
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

  it('behind a link that was switched, as in a Kubernetes ConfigMap', async () => {
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

  it('and detects new files with a matching name', async () => {
    write('b.yaml', 'new');
    write('README.md', '#');
    expect(await seen()).toEqual({ 'b.yaml': 'new' });
  });
});

function write2(release: string, text: string): void {
  writeFileSync(join(root, release, 'projects', 'a.yaml'), text);
}

describe('unreadable files and folders keep the last text, with a reason:', () => {
  const unreadable = (path: string, make: (path: string) => void) => () => {
    rmSync(path, { recursive: true, force: true });
    make(path);
  };
  it.each<[string, () => () => void, RegExp]>([
    [
      'a broken link',
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
    ['a folder that is a broken link', () => replace(folder, (path) => symlinkSync('gone', path))],
    ['a folder that is a file', () => replace(folder, (path) => writeFileSync(path, ''))],
    ['a missing configuration folder', () => rmSync(join(root, 'config'), { recursive: true })],
    [
      'a configuration folder that is a broken link',
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

describe('removed file', () => {
  it('is kept for a while so that a deployment can restore it', async () => {
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
  ])('is dropped after the grace period: removed %s', async (_what, remove) => {
    write('a.yaml', 'one');
    files = open(0);
    await files.look();
    remove();
    expect(await seen()).toEqual({});
    expect(files.trouble).toBeNull();
  });
});

it('reads a file again only if its version changed', async () => {
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

describe('quick check', () => {
  beforeEach(async () => {
    write('a.yaml', 'one');
    write('b.yaml', 'one');
    // A version counts only once its timestamps are old enough to be reliable.
    const now = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 5_000);
    await files.look();
    now.mockRestore();
  });

  it('finds files and list current while nothing has changed', () => {
    expect(files.isListCurrent()).toBe(true);
    expect(files.isCurrent('a.yaml')).toBe(true);
  });

  it.each<[string, () => void]>([
    ['edited', () => appendFileSync(join(folder, 'a.yaml'), ' more')],
    ['removed', () => unlinkSync(join(folder, 'a.yaml'))],
    ['replaced', () => renameSync(join(folder, 'b.yaml'), join(folder, 'a.yaml'))],
    ['gone with its folder', () => rmSync(folder, { recursive: true })],
  ])('detects that a file was %s', (_what, change) => {
    change();
    expect(files.isCurrent('a.yaml')).toBe(false);
  });

  it('ignores an edit of another file', () => {
    appendFileSync(join(folder, 'a.yaml'), ' more');
    expect(files.isCurrent('b.yaml')).toBe(true);
    expect(files.isListCurrent()).toBe(true);
  });

  it.each<[string, () => void]>([
    ['was added', () => write('c.yaml', 'one')],
    ['was removed', () => unlinkSync(join(folder, 'b.yaml'))],
    ['was renamed', () => renameSync(join(folder, 'b.yaml'), join(folder, 'c.yaml'))],
  ])('detects that a file %s', (_what, change) => {
    change();
    expect(files.isListCurrent()).toBe(false);
  });

  it('treats an unknown file as not current', () => {
    expect(files.isCurrent('c.yaml')).toBe(false);
  });
});
