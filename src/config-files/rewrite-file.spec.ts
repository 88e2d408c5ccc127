import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UnusableContent } from './file-problem';
import { NotWritable, rewriteFile } from './rewrite-file';

const isRoot = process.getuid?.() === 0;
let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'jobato-rewrite-'));
  path = join(folder, 'a.yaml');
  writeFileSync(path, 'one');
});
afterEach(() => {
  chmodSync(folder, 0o755);
  rmSync(folder, { recursive: true, force: true });
});

const toTwo = (text: string) => `${text} two`;
const content = () => readFileSync(path, 'utf8');
const entries = () => readdirSync(folder);

it('replaces the text, keeps the mode, and leaves no other file', async () => {
  chmodSync(path, 0o640);
  const before = statSync(path);
  await rewriteFile(path, toTwo);
  expect([content(), entries(), statSync(path).mode]).toEqual(['one two', ['a.yaml'], before.mode]);
  expect(statSync(path).ino).not.toBe(before.ino);
});

it('keeps a byte order mark', async () => {
  writeFileSync(path, '\ufeffone');
  await rewriteFile(path, toTwo);
  expect(content()).toBe('\ufeffone two');
});

it('writes nothing without a new text', async () => {
  const { ino, mtimeMs, ctimeMs } = statSync(path);
  await rewriteFile(path, () => null);
  expect(statSync(path)).toMatchObject({ ino, mtimeMs, ctimeMs });
  expect(entries()).toEqual(['a.yaml']);
});

it('replaces the target of a link, and the link stays', async () => {
  mkdirSync(join(folder, 'real'));
  writeFileSync(join(folder, 'real', 'target'), 'one');
  rmSync(path);
  symlinkSync('real/target', path);
  await rewriteFile(path, toTwo);
  expect([readlinkSync(path), content(), readdirSync(join(folder, 'real'))]).toEqual([
    'real/target',
    'one two',
    ['target'],
  ]);
});

it('keeps every one of many changes at once', async () => {
  const letters = [...'abcdefghij'];
  await Promise.all(letters.map((letter) => rewriteFile(path, (text) => text + letter)));
  expect(content()).toHaveLength(13);
  for (const letter of letters) expect(content()).toContain(letter);
});

it('keeps what an editor saved between reading and writing', async () => {
  let tries = 0;
  await rewriteFile(path, (text) => {
    if (++tries === 1) writeFileSync(path, 'saved');
    return toTwo(text);
  });
  expect([content(), tries]).toEqual(['saved two', 2]);
});

it('gives up while another program keeps changing the file', async () => {
  let tries = 0;
  const change = rewriteFile(path, (text) => {
    writeFileSync(path, `saved ${'x'.repeat(++tries)}`);
    return toTwo(text);
  });
  await expect(change).rejects.toThrow(new NotWritable('another program keeps changing it'));
  expect([content(), entries()]).toEqual(['saved xxxxx', ['a.yaml']]);
});

it('removes the leftover of a process that was killed', async () => {
  const lock = join(folder, '.a.yaml.lock');
  writeFileSync(lock, 'half');
  const longAgo = new Date(Date.now() - 60_000);
  utimesSync(lock, longAgo, longAgo);
  await rewriteFile(path, toTwo);
  expect([content(), entries()]).toEqual(['one two', ['a.yaml']]);
});

it('leaves the old or the new file when the process is killed while it writes', () => {
  const module = JSON.stringify(join(__dirname, '../../dist/config-files/rewrite-file.js'));
  const big = 'x'.repeat(900_000);
  writeFileSync(path, big);
  // The file system calls after which the process dies, one after the other.
  for (const call of ['write', 'chmod', 'sync']) {
    const { signal } = spawnSync(process.execPath, [
      '-e',
      `const { open } = require('node:fs/promises');
      (async () => {
        const handle = await open(process.execPath);
        const kind = Object.getPrototypeOf(handle);
        const real = kind[${JSON.stringify(call)}];
        kind[${JSON.stringify(call)}] = async function (...given) {
          await real.apply(this, given);
          process.kill(process.pid, 'SIGKILL');
        };
        await require(${module}).rewriteFile(${JSON.stringify(path)}, (text) => text + 'new');
      })();`,
    ]);
    expect(signal).toBe('SIGKILL');
    expect(content()).toBe(big);
    expect(entries().sort()).toEqual(['.a.yaml.lock', 'a.yaml']);
    rmSync(join(folder, '.a.yaml.lock'));
  }
});

describe('is refused with a reason, and changes nothing', () => {
  afterEach(() => expect(entries().filter((name) => name.endsWith('.lock'))).toEqual([]));

  it('for a missing file', async () => {
    rmSync(path);
    await expect(rewriteFile(path, toTwo)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('for a text that would be too large to be read again', async () => {
    await expect(rewriteFile(path, () => 'x'.repeat(1024 * 1024 + 1))).rejects.toThrow(UnusableContent);
    expect(content()).toBe('one');
  });

  it('for a file that is no text', async () => {
    writeFileSync(path, Buffer.from([0xff, 0xfe, 0x61, 0]));
    await expect(rewriteFile(path, toTwo)).rejects.toThrow(UnusableContent);
  });

  it('for an edit that fails', async () => {
    const failing = rewriteFile(path, () => {
      throw new Error('not so');
    });
    await expect(failing).rejects.toThrow('not so');
    expect(content()).toBe('one');
  });

  // Root may write everywhere.
  (isRoot ? it.skip : it).each<[string, () => void]>([
    ['a read-only folder', () => chmodSync(folder, 0o555)],
    ['a read-only file', () => chmodSync(path, 0o444)],
  ])('for %s', async (_what, lockOut) => {
    lockOut();
    await expect(rewriteFile(path, toTwo)).rejects.toThrow(
      new NotWritable('the server has no permission to write the file or its folder'),
    );
    expect(content()).toBe('one');
  });
});

/** A process of root can become another user for a while. */
(isRoot ? describe : describe.skip)('as another user', () => {
  const asNobody = async (path: string) => {
    process.setegid!(65_534);
    process.seteuid!(65_534);
    try {
      return await rewriteFile(path, toTwo).then(
        () => null,
        (error: Error) => error,
      );
    } finally {
      process.seteuid!(0);
      process.setegid!(0);
    }
  };

  it('refuses a folder that only its owner can write, and changes nothing', async () => {
    chmodSync(folder, 0o755);
    chmodSync(path, 0o666);
    expect(await asNobody(path)).toEqual(
      new NotWritable('the server has no permission to write the file or its folder'),
    );
    expect([content(), entries()]).toEqual(['one', ['a.yaml']]);
  });

  it('refuses a file whose owner it could not keep, and changes nothing', async () => {
    chmodSync(folder, 0o777);
    chmodSync(path, 0o666);
    expect(await asNobody(path)).toEqual(
      new NotWritable('it belongs to another user or group, which would not stay its owner'),
    );
    expect([content(), entries()]).toEqual(['one', ['a.yaml']]);
  });
});

const canMount = isRoot && spawnSync('unshare', ['--mount', 'true']).status === 0;
(canMount ? it : it.skip).each([
  ['mounted as a single file', 'mount --bind', 'it is mounted as a single file, which cannot be replaced'],
  ['on a read-only file system', 'mount --bind -o ro', 'it is on a read-only file system'],
])('refuses a file that is %s, and changes nothing', (_what, mount, reason) => {
  const module = JSON.stringify(join(__dirname, '../../dist/config-files/rewrite-file.js'));
  const mounted = mount.endsWith('ro') ? folder : path;
  const program = `require(${module}).rewriteFile(${JSON.stringify(path)}, (text) => text + 'new').then(
    () => console.log('written'), (error) => console.log(error.message))`;
  const { stdout } = spawnSync(
    'unshare',
    [
      '--mount',
      'sh',
      '-c',
      `${mount} "$1" "$1" && exec "$2" -e "$3"`,
      'sh',
      mounted,
      process.execPath,
      program,
    ],
    { encoding: 'utf8' },
  );
  expect(stdout).toContain(reason);
  expect([content(), entries()]).toEqual(['one', ['a.yaml']]);
});

(isRoot ? it : it.skip)('keeps the owner of the file', async () => {
  chownSync(path, 12_345, 12_346);
  chmodSync(path, 0o664);
  await rewriteFile(path, toTwo);
  expect(statSync(path)).toMatchObject({ uid: 12_345, gid: 12_346, mode: 0o100664 });
});

it('replaces only the name that is configured, if the file has another one', async () => {
  linkSync(path, join(folder, 'other'));
  await rewriteFile(path, toTwo);
  expect([content(), readFileSync(join(folder, 'other'), 'utf8')]).toEqual(['one two', 'one']);
  expect(existsSync(join(folder, '.a.yaml.lock'))).toBe(false);
});
