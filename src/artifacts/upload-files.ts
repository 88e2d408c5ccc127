import { randomUUID } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type { Config } from '../config/config';
import { sizeLimitText } from '../config/size-text';
import { CONFIG } from '../config/config.module';
import { DiskSpace } from '../database/disk-space';
import { makePrivateFolder, PRIVATE_FILE } from '../lifecycle/private-files';
import { invalid, JobatoError } from '../http/problem-catalogue';
import { fileSystemProblem } from '../http/file-system-problem';
import { inFolderBelow } from '../files/open-below';

/** A complete upload that is not an artifact yet. It is then placed or discarded. */
export interface Upload {
  path: string;
  /** Bytes. */
  size: number;
}

/** Bytes written between two checks of the free disk space. */
const LOOK_EVERY_BYTES = 4 * 1024 * 1024;

/** A folder or a file blocks the name, or a link is in its path. */
const NOT_A_PLACE = new Set(['EISDIR', 'ENOTDIR', 'ENOTEMPTY', 'EEXIST', 'ELOOP']);

/**
 * Uploads in progress. They stay in a separate folder on the same file system until they are complete. The run's folder
 * therefore never has a partial file, and all leftovers of a crash are in one folder.
 */
@Injectable()
export class UploadFiles implements OnModuleInit {
  private readonly folder: string;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly disk: DiskSpace,
  ) {
    this.folder = join(config.dataDir, 'uploads');
  }

  async onModuleInit(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
    // The folder is created later: a full disk must not block the start-up.
  }

  /**
   * Writes an upload to a file, with back-pressure from the disk.
   * @param announcedBytes size that the sender announced; disk space is reserved for it
   * @param signal aborts at once, with its reason
   * @throws JobatoError PAYLOAD_TOO_LARGE, STORAGE_FULL, VALIDATION if the connection breaks, REQUEST_TIMEOUT if no
   *   data arrives for too long
   */
  async receive(
    content: AsyncIterable<Buffer>,
    announcedBytes: number | null,
    signal: AbortSignal,
  ): Promise<Upload> {
    this.assertFits(announcedBytes ?? 0);
    const path = join(this.folder, randomUUID());
    const room = this.disk.reservation();
    const stillNeeded = (size: number) =>
      announcedBytes === null ? LOOK_EVERY_BYTES : Math.max(0, announcedBytes - size);
    try {
      await room.need(stillNeeded(0));
      const file = await this.make(path).catch(asProblem);
      try {
        let [size, lookAtSize] = [0, LOOK_EVERY_BYTES];
        for await (const bytes of whole(steady(content, this.config.uploadIdleMs, signal))) {
          size += bytes.length;
          this.assertFits(size);
          await file.writeFile(bytes);
          if (size < lookAtSize) continue;
          await room.need(stillNeeded(size));
          lookAtSize = size + LOOK_EVERY_BYTES;
        }
        await file.sync();
        return { path, size };
      } catch (error) {
        await this.discard({ path });
        return asProblem(error);
      } finally {
        await file.close();
      }
    } finally {
      room.release();
    }
  }

  /**
   * Moves the file below `folder` atomically, replacing a file of the same name. It does not follow links that a step
   * created in the path. A link with the file's name is replaced.
   * @param folder the folder of a run
   * @param name a relative path that was checked
   */
  async place({ path }: Upload, folder: string, name: string): Promise<void> {
    const root = dirname(folder);
    const names = [basename(folder), ...name.split('/')];
    try {
      makePrivateFolder(root);
      await inFolderBelow(root, names.slice(0, -1), (target) => target.take(path, names.at(-1)!), {
        makesFolders: true,
      });
    } catch (error) {
      asProblem(error);
    }
  }

  async discard({ path }: Pick<Upload, 'path'>): Promise<void> {
    await rm(path, { force: true });
  }

  private async make(path: string): Promise<FileHandle> {
    makePrivateFolder(this.folder);
    return open(path, 'wx', PRIVATE_FILE);
  }

  private assertFits(size: number): void {
    const { artifactLimitBytes } = this.config;
    if (size <= artifactLimitBytes) return;
    throw new JobatoError(
      'PAYLOAD_TOO_LARGE',
      `The artifact is larger than ${sizeLimitText(artifactLimitBytes)} (ARTIFACT_LIMIT_MB).`,
    );
  }
}

/** Converts a broken connection to a client error, because it is not a failure of this server. */
async function* whole(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* content;
  } catch (error) {
    if (error instanceof JobatoError) throw error;
    throw invalid([{ field: '', message: 'ended before the upload was complete' }]);
  }
}

/** Ends if no data arrives for `idleMs`, or by the signal. A slow connection that makes progress may continue. */
async function* steady(
  content: AsyncIterable<Buffer>,
  idleMs: number,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const pieces = content[Symbol.asyncIterator]();
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as JobatoError));
  });
  aborted.catch(() => undefined);
  let isWaiting = false;
  try {
    for (;;) {
      signal.throwIfAborted();
      isWaiting = true;
      const piece = await within(Promise.race([pieces.next(), aborted]), idleMs);
      if (piece === null) throw idle(idleMs);
      isWaiting = false;
      if (piece.done) return;
      yield piece.value;
    }
  } finally {
    // `return` would wait for the pending piece, which may never arrive.
    if (!isWaiting) await pieces.return?.();
  }
}

/** @returns null if it takes longer */
async function within<Result>(result: Promise<Result>, ms: number): Promise<Result | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => (timer = setTimeout(resolve, ms, null)));
  try {
    return await Promise.race([result, late]);
  } finally {
    clearTimeout(timer);
    result.catch(() => undefined);
  }
}

function idle(idleMs: number): JobatoError {
  return new JobatoError(
    'REQUEST_TIMEOUT',
    `The upload received no data for ${idleMs / 1000} s (UPLOAD_IDLE_SECONDS). Upload the file again.`,
  );
}

function notAPlace(): JobatoError {
  return invalid([{ field: 'name', message: 'conflicts with an existing file or folder' }]);
}

function asProblem(error: unknown): never {
  const storageProblem = fileSystemProblem(error);
  if (storageProblem) throw storageProblem;
  const { code } = error as { code?: string };
  if (NOT_A_PLACE.has(code ?? '')) throw notAPlace();
  throw error;
}
