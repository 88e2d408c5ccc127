import { constants, existsSync, type Stats } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, opendir, readlink, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * On Linux, `/proc/self/fd/7/name` is `name` in the folder that is open as descriptor 7, even if its path has changed. It
 * replaces openat(2), which Node lacks.
 */
const DESCRIPTORS = '/proc/self/fd';
const HAS_PROC = existsSync(DESCRIPTORS);

/** A buffer if the name may have bytes that are not UTF-8. */
type FileName = string | Buffer;

const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
/** O_NONBLOCK: opening a pipe without a writer must not block. */
const FILE = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Fails for a link, and for a pipe that no program reads. */
const REPLACING =
  constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Fails for every existing name. */
const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;

/**
 * An open folder that stays the same even if its path changes. A step may replace any part of the path by a link at any
 * time, so checking a path proves nothing about a later open.
 *
 * Without /proc/self/fd (macOS), names are looked up by path. The opened file is then compared with the file at that
 * path, without following links. An attack then needs two swaps of the path at exactly the right moments.
 */
export class OpenFolder {
  private constructor(
    private readonly handle: FileHandle,
    private readonly path: string,
    private readonly parent: OpenFolder | null,
    private readonly hasProc: boolean,
  ) {}

  /** Opens a trusted folder. Links in its path are followed. */
  static async open(path: string, hasProc = HAS_PROC): Promise<OpenFolder> {
    const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
    return new OpenFolder(handle, path, null, hasProc);
  }

  /** Opens a subfolder. @throws ENOTDIR or ELOOP for a link, depending on the system */
  async folder(name: FileName): Promise<OpenFolder> {
    const handle = await open(this.pathOf(name), FOLDER);
    const folder = new OpenFolder(handle, join(this.path, String(name)), this, this.hasProc);
    return closeOnError(folder, () => folder.assertInPlace());
  }

  /** Opens a subfolder, and creates it if it does not exist. */
  async madeFolder(name: string): Promise<OpenFolder> {
    await mkdir(this.pathOf(name)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    return this.folder(name);
  }

  /** Opens a file in this folder for reading; the caller closes it. @throws ELOOP for a link */
  async file(name: FileName): Promise<FileHandle> {
    const file = await open(this.pathOf(name), FILE);
    return closeOnError(file, async () => {
      if (this.hasProc) return;
      await this.assertInPlace();
      await assertSame(file, join(this.path, String(name)));
    });
  }

  /** Returns the names in this folder as they are on the disk, without "." and "..", in no order. */
  async *names(): AsyncGenerator<Buffer> {
    await this.assertInPlace();
    const path = this.hasProc ? `${DESCRIPTORS}/${this.handle.fd}` : this.path;
    // The types of Node lack this encoding here.
    for await (const entry of await opendir(path, { encoding: 'buffer' as BufferEncoding })) {
      yield entry.name as unknown as Buffer;
    }
  }

  /** Returns the state of this folder. */
  stat(): Promise<Stats> {
    return this.handle.stat();
  }

  /** Returns the state of an entry; of a link itself, not of its target. */
  lstat(name: FileName): Promise<Stats> {
    return lstat(this.pathOf(name));
  }

  linkTarget(name: FileName): Promise<Buffer> {
    return readlink(this.pathOf(name), { encoding: 'buffer' });
  }

  /** Creates a file and opens it for writing; the caller closes it. @throws EEXIST for an existing name, also a link */
  async newFile(name: string): Promise<FileHandle> {
    const file = await open(this.pathOf(name), NEW_FILE);
    return closeOnError(file, () => this.assertInPlace());
  }

  /** Gives a file of this folder another name. An existing file of that name is replaced; a link is too, not its target. */
  async rename(name: string, newName: string): Promise<void> {
    await this.assertInPlace();
    await rename(this.pathOf(name), this.pathOf(newName));
  }

  /** Deletes a file of this folder, if it exists. */
  async remove(name: string): Promise<void> {
    await this.assertInPlace();
    await rm(this.pathOf(name), { force: true });
  }

  /** Moves a file of the same file system into this folder, and makes its name durable. */
  async take(path: string, name: string): Promise<void> {
    await rename(path, this.pathOf(name));
    await this.handle.sync();
  }

  /** Replaces a file of this folder at once: a reader finds the old text or the new one. */
  async replaceText(name: string, text: string): Promise<void> {
    // The same name each time, so that a crash leaves at most one such file.
    const temporary = `.${name}.new`;
    const file = await open(this.pathOf(temporary), REPLACING);
    await file
      .writeFile(text)
      .then(() => file.sync())
      .finally(() => file.close());
    await this.assertInPlace();
    await rename(this.pathOf(temporary), this.pathOf(name));
    await this.handle.sync();
  }

  close(): Promise<void> {
    return this.handle.close();
  }

  private pathOf(name: FileName): FileName {
    const text = typeof name === 'string' ? name : name.toString('latin1');
    if (text === '' || text === '.' || text === '..' || /[/\0]/.test(text)) {
      throw new Error('A name in a folder must not be empty, "." or "..", and must not contain "/" or NUL.');
    }
    const folder = this.hasProc ? `${DESCRIPTORS}/${this.handle.fd}` : this.path;
    return typeof name === 'string' ? `${folder}/${name}` : Buffer.concat([Buffer.from(`${folder}/`), name]);
  }

  private async assertInPlace(): Promise<void> {
    if (this.hasProc || this.parent === null) return;
    await this.parent.assertInPlace();
    await assertSame(this.handle, this.path);
  }
}

/**
 * Calls `use` with the folder at this path below `root`, without following links below `root`.
 * @param names path components, one for each level
 */
export async function inFolderBelow<Result>(
  root: string,
  names: readonly string[],
  use: (folder: OpenFolder) => Promise<Result>,
  { makesFolders = false, hasProc = HAS_PROC } = {},
): Promise<Result> {
  const opened = [await OpenFolder.open(root, hasProc)];
  try {
    for (const name of names) {
      const last = opened.at(-1)!;
      opened.push(await (makesFolders ? last.madeFolder(name) : last.folder(name)));
    }
    return await use(opened.at(-1)!);
  } finally {
    await Promise.all(opened.map((folder) => folder.close()));
  }
}

/** Opens a file below `root` for reading, without following links below `root`. The caller closes it. */
export function openBelow(
  root: string,
  names: readonly string[],
  options: { hasProc?: boolean } = {},
): Promise<FileHandle> {
  return inFolderBelow(root, names.slice(0, -1), (folder) => folder.file(names.at(-1)!), options);
}

async function assertSame(handle: FileHandle, path: string): Promise<void> {
  const [opened, found] = await Promise.all([handle.stat(), lstat(path)]);
  if (opened.dev !== found.dev || opened.ino !== found.ino) {
    throw Object.assign(new Error('The path was replaced while it was being opened.'), { code: 'ELOOP' });
  }
}

async function closeOnError<Opened extends { close(): Promise<void> }>(
  opened: Opened,
  check: () => Promise<void>,
): Promise<Opened> {
  try {
    await check();
    return opened;
  } catch (error) {
    await opened.close();
    throw error;
  }
}
