import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, mkdir, open, symlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { extract, type Header } from 'tar-stream';
import { knownMigrations } from '../database/read-origin';
import { PRIVATE_FILE, PRIVATE_FOLDER } from '../lifecycle/private-files';
import {
  DATABASE_ENTRY,
  FORMAT_VERSION,
  MANIFEST_ENTRY,
  type Manifest,
  MAX_JSON_BYTES,
  parseManifest,
  parseReport,
  REPORT_ENTRY,
  type Report,
} from './archive-format';
import { BackupError } from './backup-error';
import { ContentHash } from './content-hash';
import { pathOf, targetOf } from './entry-name';
import { EntryOrder, staysInside } from './entry-path';
import { assertRoom, FreeSpaceWatch } from './free-space';

const PERMISSIONS = 0o777;
const ZEROS = Buffer.alloc(64 * 1024);

/** Messages of the tar library for an archive that ends between two entries or in one of them. */
const ENDED = ['Unexpected end of data', 'Stream was destroyed'];

const NO_BACKUP =
  'This is not a backup of Jobato. If it is compressed, decompress it first, such as with: gunzip -c FILE | jobato restore -';

type Content = AsyncIterable<Buffer>;

/** Extracts an archive into an empty folder that no other process uses. */
export class ArchiveExtraction {
  private readonly hash = new ContentHash();
  private readonly order = new EntryOrder();
  private readonly freeSpace: FreeSpaceWatch;
  private manifest: Manifest | null = null;
  private hasDatabase = false;
  private report: Report | null = null;
  files = 0;
  bytes = 0;

  constructor(
    private readonly folder: string,
    private readonly jobatoVersion: string,
    private readonly onProgress: (progress: { files: number; bytes: number }) => void,
  ) {
    this.freeSpace = new FreeSpaceWatch(folder);
  }

  /** @throws BackupError if the archive is not a backup, not complete, damaged, hostile, or of a newer version */
  async run(source: Readable): Promise<{ manifest: Manifest; report: Report }> {
    const entries = extract();
    let sourceError: Error | null = null;
    source.on('error', (error) => {
      sourceError = error;
      entries.destroy(error);
    });
    source.pipe(entries);
    try {
      for await (const entry of entries) await this.take(entry.header, entry as Content);
    } catch (error) {
      throw this.explained(sourceError ?? error);
    } finally {
      source.destroy();
    }
    const { manifest, report } = this;
    if (manifest === null) throw new BackupError(NO_BACKUP);
    if (report === null) throw cutOff();
    return { manifest, report };
  }

  private async take(header: Header, content: Content): Promise<void> {
    const path = pathOf(header);
    const name = path.toString();
    if (this.report !== null) throw flawed(name, 'follows the end of the backup');
    if (this.manifest === null) {
      if (name !== MANIFEST_ENTRY) throw new BackupError(NO_BACKUP);
      return this.takeManifest(header, content);
    }
    if (!this.hasDatabase) {
      if (name !== DATABASE_ENTRY) throw flawed(name, 'is in the place of the database');
      return this.takeDatabase(header, content, this.manifest);
    }
    if (name === REPORT_ENTRY) return this.takeReport(header, content);
    await this.takeFile(header, path, content);
  }

  private async takeManifest(header: Header, content: Content): Promise<void> {
    const text = await this.text(header, content);
    const manifest = text === null ? null : parseManifest(text);
    if (manifest === null) throw new BackupError(NO_BACKUP);
    const { formatVersion, jobatoVersion, lastMigration } = manifest;
    if (formatVersion > FORMAT_VERSION || !knownMigrations().includes(lastMigration)) {
      throw new BackupError(
        `The backup was made by Jobato ${printable(jobatoVersion)}, which is newer than this one (${this.jobatoVersion}). Restore it with Jobato ${printable(jobatoVersion)} or later.`,
      );
    }
    this.manifest = manifest;
  }

  private async takeDatabase(header: Header, content: Content, { database }: Manifest): Promise<void> {
    if (header.type !== 'file' || header.size !== database.bytes) throw damaged(DATABASE_ENTRY);
    await assertRoom(this.folder, header.size);
    await mkdir(dirname(`${this.folder}/${DATABASE_ENTRY}`), { mode: PRIVATE_FOLDER });
    const hash = createHash('sha256');
    this.begin(header, Buffer.from(DATABASE_ENTRY), null);
    const file = Buffer.from(`${this.folder}/${DATABASE_ENTRY}`);
    await this.write(file, { ...header, mode: PRIVATE_FILE }, content, (chunk) => hash.update(chunk));
    if (hash.digest('hex') !== database.sha256) throw damaged(DATABASE_ENTRY);
    this.hasDatabase = true;
  }

  private async takeFile(header: Header, path: Buffer, content: Content): Promise<void> {
    const { type, mode } = header;
    const flaw = this.order.flawOf(path.toString('latin1'), type === 'directory');
    if (flaw !== null) throw flawed(path.toString(), flaw);
    const target = type === 'symlink' ? targetOf(header) : null;
    this.begin(header, path, target);
    const file = Buffer.concat([Buffer.from(`${this.folder}/`), path]);
    switch (type) {
      case 'directory':
        await mkdir(file, { mode: PRIVATE_FOLDER }).catch(refuseTwice(path));
        // The owner must be able to extract the content.
        return chmod(file, (mode & PERMISSIONS) | PRIVATE_FOLDER);
      case 'symlink':
        if (!staysInside(path.toString('latin1'), target!.toString('latin1')))
          throw flawed(path.toString(), 'is a link that leads out of its folder');
        return symlink(target!, file).catch(refuseTwice(path));
      case 'file':
        await this.write(file, header, content, () => undefined).catch(refuseTwice(path));
        return this.onProgress({ files: ++this.files, bytes: this.bytes });
      default:
        throw flawed(path.toString(), 'is neither a file, nor a folder, nor a symbolic link');
    }
  }

  private async takeReport(header: Header, content: Content): Promise<void> {
    const digest = this.hash.digest();
    const { entries } = this.hash;
    const text = await this.text(header, content);
    const report = text === null ? null : parseReport(text);
    if (report === null || report.entries !== entries || report.sha256 !== digest)
      throw new BackupError('The backup is damaged: its content does not have the recorded hash.');
    this.report = report;
  }

  private begin({ type, mode, size }: Header, path: Buffer, target: Buffer | null): void {
    this.hash.begin({ type: type as 'file', path, mode: mode & PERMISSIONS, size, target });
  }

  /** @returns null if it is not a file, or too large for text */
  private async text(header: Header, content: Content): Promise<string | null> {
    if (header.type !== 'file' || header.size > MAX_JSON_BYTES) return null;
    this.begin(header, pathOf(header), null);
    const chunks: Buffer[] = [];
    for await (const chunk of content) {
      this.hash.add(chunk);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString();
  }

  /** Creates a file. Blocks of zeros become holes, so that a sparse file takes no more space than before. */
  private async write(
    path: Buffer,
    { size, mode, mtime }: Header,
    content: Content,
    onChunk: (chunk: Buffer) => void,
  ): Promise<void> {
    const file = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, PRIVATE_FILE);
    try {
      let position = 0;
      for await (const chunk of content) {
        this.hash.add(chunk);
        onChunk(chunk);
        for (let offset = 0; offset < chunk.length; offset += ZEROS.length) {
          const block = chunk.subarray(offset, offset + ZEROS.length);
          if (block.compare(ZEROS, 0, block.length) !== 0) {
            await this.freeSpace.beforeWrite(block.length);
            await writeAll(file, block, position);
          }
          position += block.length;
        }
        this.bytes += chunk.length;
      }
      if (position !== size) throw cutOff();
      await file.truncate(size);
      await file.chmod(mode & PERMISSIONS);
      await file.utimes(mtime, mtime);
    } finally {
      await file.close();
    }
  }

  /** Errors of the tar library have no code. */
  private explained(error: unknown): unknown {
    if (error instanceof BackupError) return error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOSPC' || code === 'EDQUOT')
      return new BackupError('The disk of DATA_DIR is full. Free some space, and restore again.', {
        cause: error,
      });
    const isEnded = ENDED.includes(message);
    if (code !== undefined && !isEnded) return error;
    if (this.manifest === null) return new BackupError(NO_BACKUP, { cause: error });
    return isEnded ? cutOff() : new BackupError(`The backup is damaged: ${message}`, { cause: error });
  }
}

async function writeAll(
  file: {
    write(
      buffer: Buffer,
      offset: number,
      length: number,
      position: number,
    ): Promise<{ bytesWritten: number }>;
  },
  chunk: Buffer,
  position: number,
): Promise<void> {
  for (let offset = 0; offset < chunk.length;) {
    const { bytesWritten } = await file.write(chunk, offset, chunk.length - offset, position + offset);
    offset += bytesWritten;
  }
}

/** On a file system that does not distinguish upper and lower case, two names may be the same. */
function refuseTwice(path: Buffer): (error: NodeJS.ErrnoException) => never {
  return (error) => {
    throw error.code === 'EEXIST' ? flawed(path.toString(), 'is in the backup twice') : error;
  };
}

function flawed(path: string, flaw: string): BackupError {
  return new BackupError(`The backup is refused: its entry "${printable(path)}" ${flaw}.`);
}

function damaged(path: string): BackupError {
  return new BackupError(`The backup is damaged: ${path} does not have the recorded size and hash.`);
}

function cutOff(): BackupError {
  return new BackupError('The backup is not complete: its end is missing. Copy it again.');
}

/** The text is from the archive, and shown in a terminal. */
function printable(text: string): string {
  return text.slice(0, 200).replace(/[^\x20-\x7e]/g, '?');
}
