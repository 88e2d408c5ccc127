import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, realpath } from 'node:fs/promises';
import { basename, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import type { Config } from '../config/config';
import { CONFIG } from '../config/config.module';
import { storageReasonOf } from '../database/storage-error';
import { copyOpenFile } from '../files/copy-open-file';
import { deleteFolder } from '../files/delete-folder';
import { openBelow } from '../files/open-below';
import { JobatoError } from '../http/problem-catalogue';
import type { ResultTable } from '../projects/project';
import { isOwnFile, RESULTS_FOLDER } from './data-folder-map';
import { ResultCheck } from './result-check';
import type { ResultFlaw, ResultOffer, RunResult } from './run-result';

/** Whose result it is, and what it must have. */
export interface ResultOwner {
  projectId: string;
  runId: string;
  /** Of the run. */
  number: number;
  table: ResultTable | null;
}

/** Each name of a path may have 255 bytes. */
const MAX_NAME_BYTES = 200;
/** How long a copy waits for space on the disk, and how often it is tried. */
const WAIT_FOR_SPACE_MS = 30_000;
const TRY_AGAIN_MS = 1000;

/** Each copy has a large buffer and open files. */
const MAX_COPIES = 2;
/** Errors of this machine, not of the file. */
const TEMPORARY = new Set(['EAGAIN', 'EBUSY', 'EIO', 'EMFILE', 'ENFILE', 'ENOMEM', 'ESTALE']);

class Flaw extends Error {
  constructor(readonly flaw: ResultFlaw) {
    super(flaw);
  }
}

/**
 * Makes private copies of offered files. A copy is complete, checked and on the disk before the transaction that makes
 * it live. It lies in a folder of its own, which no later copy uses.
 */
@Injectable()
export class ResultCopies {
  private readonly check = new ResultCheck();
  /** Folders of copies whose transaction is not decided, relative to DATA_DIR. */
  private readonly undecided = new Set<string>();
  private readonly stopping = new AbortController();
  private copying = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(@Inject(CONFIG) private readonly config: Pick<Config, 'dataDir' | 'resultLimitBytes'>) {}

  /**
   * Copies an offered file. Never throws for what is wrong with the file. Call `decided` with the result after the
   * transaction.
   * @throws JobatoError SHUTTING_DOWN
   */
  async take(offer: ResultOffer, owner: ResultOwner): Promise<RunResult> {
    await this.turn();
    try {
      return await this.takeInTurn(offer, owner);
    } finally {
      this.copying--;
      this.waiting.shift()?.();
    }
  }

  private async turn(): Promise<void> {
    while (this.copying >= MAX_COPIES) await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.copying++;
  }

  private async takeInTurn(offer: ResultOffer, owner: ResultOwner): Promise<RunResult> {
    const { path: offered } = offer;
    const untilMs = performance.now() + WAIT_FOR_SPACE_MS;
    for (;;) {
      try {
        return await this.copy(offer, owner);
      } catch (error) {
        if (this.stopping.signal.aborted)
          throw new JobatoError(
            'SHUTTING_DOWN',
            'The server is stopping. Its next start copies the result and ends the run, if the event is sent again.',
          );
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { state: 'result-missing', offered };
        if (error instanceof Flaw) return { state: 'result-invalid', offered, flaw: error.flaw };
        const isFull = storageReasonOf(error) === 'full';
        const isTemporary = isFull || TEMPORARY.has((error as NodeJS.ErrnoException).code ?? '');
        if (!isTemporary || performance.now() > untilMs)
          return { state: 'result-invalid', offered, flaw: isFull ? 'no-space' : 'unreadable' };
        await delay(TRY_AGAIN_MS, undefined, { signal: this.stopping.signal }).catch(() => undefined);
      }
    }
  }

  /** The transaction has decided whether the copy is used. */
  decided(result: RunResult): void {
    if (result.state === 'accepted') this.undecided.delete(folderOf(result.file));
  }

  /** Aborts copies that are not complete. Their events are applied by the next start. */
  stop(): void {
    this.stopping.abort();
  }

  isUndecided(folder: string): boolean {
    return this.undecided.has(folder);
  }

  private async copy(offer: ResultOffer, owner: ResultOwner): Promise<RunResult> {
    const { dataDir } = this.config;
    const root = await realpath(offer.below === 'data' ? dataDir : join(dataDir, 'runs', owner.runId));
    const path = relative(root, await realpath(resolve(root, offer.path)));
    if (path === '' || path === '..' || path.startsWith(`..${sep}`) || isAbsolute(path))
      throw new Flaw('outside');
    const names = path.split(sep);
    if (offer.below === 'data' && isOwnFile(names.join('/'), owner.runId)) throw new Flaw('own-file');
    const name = basename(path);
    // A pointer is one line.
    if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(path) || Buffer.byteLength(name) > MAX_NAME_BYTES)
      throw new Flaw('name');

    const source = await openBelow(root, names).catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'ELOOP' || error.code === 'ENOTDIR' ? new Flaw('changed') : error;
    });
    const folder = `${RESULTS_FOLDER}/${owner.projectId}/${owner.number}-${randomBytes(4).toString('hex')}`;
    this.undecided.add(folder);
    try {
      const size = await this.fill(source, join(dataDir, folder), name, join(root, path), owner.table);
      return { state: 'accepted', file: `${folder}/${name}`, size };
    } catch (error) {
      await deleteFolder(join(dataDir, folder)).catch(() => undefined);
      this.undecided.delete(folder);
      throw error;
    } finally {
      await source.close();
    }
  }

  private async fill(
    source: FileHandle,
    folder: string,
    name: string,
    sourcePath: string,
    table: ResultTable | null,
  ): Promise<number> {
    const before = await source.stat({ bigint: true });
    if (!before.isFile()) throw new Flaw('not-a-file');
    if (before.size === 0n) throw new Flaw('empty');
    if (before.size > this.config.resultLimitBytes) throw new Flaw('too-large');
    await mkdir(folder, { recursive: true });
    const copy = join(folder, name);
    await copyOpenFile(source, copy, this.stopping.signal);
    const flaw = await this.check.settle(copy, sourcePath, table);
    if (flaw !== null) throw new Flaw(flaw);
    const after = await source.stat({ bigint: true });
    if (after.size !== before.size || after.mtimeNs !== before.mtimeNs) throw new Flaw('changed');
    return this.check.seal(folder, name);
  }
}

/** Returns the project of a copy. */
export function projectOf({ file }: { file: string }): string {
  return file.split('/')[1]!;
}

/** Returns the folder of a copy, relative to DATA_DIR. */
export function folderOf(file: string): string {
  return file.slice(0, file.lastIndexOf('/'));
}
