import { once } from 'node:events';
import type { Stats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { type Pack, pack } from 'tar-stream';
import { ContentHash, type HashedHeader } from './content-hash';
import { namedHeader } from './entry-name';

/** Writes a part of the archive. Resolves when the next part may follow. */
export type Output = (chunk: Buffer) => Promise<void>;

type Content = AsyncIterable<Buffer> | Iterable<Buffer>;

const READ_BYTES = 256 * 1024;
/** Headers of folders and links wait for the output above this size. */
const MAX_WAITING_BYTES = 1024 * 1024;
/** The fields of a tar header are too small for other times. */
const MAX_MTIME_MS = 0x7fffffff * 1000;
const PERMISSIONS = 0o777;

/** Writes a tar, as fast as the output accepts it. */
export class ArchiveWriter {
  private readonly pack: Pack = pack();
  private readonly hash = new ContentHash();
  private readonly pumping: Promise<void>;
  private waitingBytes = 0;
  private onWritten: () => void = () => undefined;
  /** Written so far. */
  bytes = 0;

  constructor(private readonly output: Output) {
    // A pack accepts any number of entries without content, and does not show how much it holds.
    const push = this.pack.push.bind(this.pack);
    this.pack.push = (chunk: Buffer | null) => {
      this.waitingBytes += chunk?.length ?? 0;
      return push(chunk);
    };
    this.pumping = this.pump();
    this.pumping.catch((error: unknown) => this.pack.destroy(error as Error));
  }

  /** Number of entries so far. */
  get entries(): number {
    return this.hash.entries;
  }

  /** Returns the hash over all entries so far. */
  digest(): string {
    return this.hash.digest();
  }

  async addText(name: string, text: string): Promise<void> {
    const content = Buffer.from(text);
    const header = {
      type: 'file',
      path: Buffer.from(name),
      mode: 0o600,
      size: content.length,
      target: null,
    } as const;
    await this.addWithContent(header, new Date(), [content]);
  }

  /**
   * Adds an open file with the size that `stats` names, because a tar needs the size before the content.
   * @returns false if the file has become shorter or could not be read to its end: the rest is zeros
   */
  async addFile(path: Buffer, file: FileHandle, { size, mtime, mode }: Stats): Promise<boolean> {
    let isWhole = true;
    const content = contentOf(file, size, () => (isWhole = false));
    await this.addWithContent(
      { type: 'file', path, mode: permissions(mode, 0o600), size, target: null },
      mtime,
      content,
    );
    return isWhole;
  }

  async addFolder(path: Buffer, { mode, mtime }: Stats): Promise<void> {
    await this.addWithoutContent(
      { type: 'directory', path, mode: permissions(mode, 0o700), size: 0, target: null },
      mtime,
    );
  }

  async addLink(path: Buffer, target: Buffer, { mtime }: Stats): Promise<void> {
    await this.addWithoutContent({ type: 'symlink', path, mode: PERMISSIONS, size: 0, target }, mtime);
  }

  /** Ends the archive. Resolves when the output has accepted all of it. */
  async end(): Promise<void> {
    this.pack.finalize();
    await this.pumping;
  }

  private async addWithContent(header: HashedHeader, mtime: Date, content: Content): Promise<void> {
    this.hash.begin(header);
    await this.done((onDone) => {
      const entry = this.pack.entry(tarHeader(header, mtime), onDone);
      const feed = async () => {
        for await (const chunk of content) {
          this.hash.add(chunk);
          if (!entry.write(chunk)) await once(entry, 'drain');
        }
        entry.end(null);
      };
      feed().catch((error: unknown) => entry.destroy(error as Error));
    });
  }

  private async addWithoutContent(header: HashedHeader, mtime: Date): Promise<void> {
    this.hash.begin(header);
    await this.done((onDone) => this.pack.entry(tarHeader(header, mtime), onDone));
    while (this.waitingBytes > MAX_WAITING_BYTES) {
      await Promise.race([new Promise<void>((resolve) => (this.onWritten = resolve)), this.pumping]);
    }
  }

  /** Resolves when an entry is complete. After an error of the output, the pack has errors of its own. */
  private async done(add: (onDone: (error?: Error | null) => void) => void): Promise<void> {
    const added = new Promise<void>((resolve, reject) => add((error) => (error ? reject(error) : resolve())));
    try {
      await Promise.race([added, this.pumping]);
    } catch (error) {
      await this.pumping; // rejects with the cause
      throw error;
    }
  }

  private async pump(): Promise<void> {
    for await (const chunk of this.pack as AsyncIterable<Buffer>) {
      await this.output(chunk);
      this.bytes += chunk.length;
      this.waitingBytes -= chunk.length;
      this.onWritten();
    }
  }
}

/** @param instead of no permissions at all, which tar-stream replaces by its default */
function permissions(mode: number, instead: number): number {
  return mode & PERMISSIONS || instead;
}

function tarHeader({ type, path, mode, size, target }: HashedHeader, mtime: Date) {
  const time = new Date(Math.min(Math.max(mtime.getTime(), 0), MAX_MTIME_MS));
  return { ...namedHeader(path, target), type, mode, size, mtime: time };
}

/** Reads exactly this many bytes, in new buffers: the pack keeps them until they are written. */
async function* contentOf(file: FileHandle, size: number, onMissing: () => void): AsyncGenerator<Buffer> {
  for (let position = 0; position < size;) {
    const buffer = Buffer.alloc(Math.min(READ_BYTES, size - position));
    // An error of the disk concerns this file only, and its header is written.
    const bytesRead = await file.read(buffer, 0, buffer.length, position).then(
      ({ bytesRead }) => bytesRead,
      () => 0,
    );
    if (bytesRead === 0) onMissing();
    const chunk = bytesRead === 0 ? buffer : buffer.subarray(0, bytesRead);
    position += chunk.length;
    yield chunk;
  }
}
