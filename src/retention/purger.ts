import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { RunRepository } from '../runs/run.repository';
import { PurgeRepository, SHORT_PORTION } from './purge.repository';
import type { PurgeEntity } from './retention.entities';
import { RunFiles } from './run-files';

const RUNS_AT_ONCE = 100;
const FOLDERS_AT_ONCE = 4;
/** Failures that are kept for display. */
const MAX_FAILURES = 100;
/** The longest pause between two portions, in milliseconds. */
const MAX_PAUSE_MS = 100;
const PAUSE_FACTOR = 2;

/**
 * Deletes what belongs to deleted runs: first the rows, then the files, then the record of the deletion. A start
 * continues where the last process ended, wherever that was, because each of these steps can be repeated.
 */
@Injectable()
export class Purger implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(Purger.name);
  private readonly stopping = new AbortController();
  private draining: Promise<void> | null = null;
  private isWanted = false;
  /** Why deletions could not be completed, by run. They are tried again by the next pass. */
  readonly failures = new Map<string, string>();

  constructor(
    private readonly purges: PurgeRepository,
    private readonly files: RunFiles,
    private readonly runs: RunRepository,
  ) {}

  onApplicationBootstrap(): void {
    this.kick();
  }

  async onModuleDestroy(): Promise<void> {
    this.stopping.abort();
    await this.draining?.catch(() => undefined);
  }

  get isStopping(): boolean {
    return this.stopping.signal.aborted;
  }

  /** Begins to delete in the background. */
  kick(): void {
    this.drain().catch((error: unknown) => this.logger.error(`Deleting old runs stopped: ${String(error)}`));
  }

  /** Resolves when everything is deleted, except for what failed. */
  drain(): Promise<void> {
    this.isWanted = true;
    this.draining ??= this.drainAll().finally(() => (this.draining = null));
    return this.draining;
  }

  /**
   * Waits several times as long as the last portion took. Nothing is urgent here, and a portion changes many pages, which a
   * checkpoint has to copy while other writes wait.
   * @param ms milliseconds that it took
   */
  async pause(ms: number): Promise<void> {
    await delay(Math.min(Math.ceil(PAUSE_FACTOR * ms), MAX_PAUSE_MS), undefined, {
      signal: this.stopping.signal,
    }).catch(() => undefined);
  }

  private async drainAll(): Promise<void> {
    while (this.isWanted && !this.isStopping) {
      this.isWanted = false;
      this.failures.clear();
      let batch = await this.purges.unfinished(0, RUNS_AT_ONCE);
      while (batch.length > 0 && !this.isStopping) {
        await this.purge(batch);
        batch = await this.purges.unfinished(batch.at(-1)!.id, RUNS_AT_ONCE);
      }
    }
  }

  private async purge(batch: PurgeEntity[]): Promise<void> {
    let from = 0;
    while (from < batch.length) {
      if (this.isStopping) return;
      const startedMs = performance.now();
      from = await this.purges.deleteRows({ purges: batch, from, portion: SHORT_PORTION });
      await this.pause(performance.now() - startedMs);
    }
    const done: PurgeEntity[] = [];
    for (let index = 0; index < batch.length; index += FOLDERS_AT_ONCE) {
      const some = batch.slice(index, index + FOLDERS_AT_ONCE);
      const deleted = await Promise.all(some.map((purge) => this.deleteFiles(purge)));
      done.push(...some.filter((_, position) => deleted[position]));
    }
    if (done.length === 0) return;
    const hashes = done.flatMap(({ definitionHash }) => definitionHash ?? []);
    await this.runs.deleteUnusedDefinitions([...new Set(hashes)]);
    await this.purges.finish(done.map(({ id }) => id));
  }

  private async deleteFiles(purge: PurgeEntity): Promise<boolean> {
    try {
      await this.files.delete(purge);
      return true;
    } catch (error) {
      const { runId } = purge;
      const { code } = error as NodeJS.ErrnoException;
      if (this.failures.size < MAX_FAILURES)
        this.failures.set(
          runId,
          `The files of run ${runId} could not be deleted (${code ?? String(error)}).`,
        );
      this.logger.error({ runId, msg: `Deleting the files of a run failed: ${String(error)}` });
      return false;
    }
  }
}
