import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Clock } from '../clock/clock';
import { Database } from '../database/database';
import { Purger } from './purger';
import { RetentionClock } from './retention-clock';
import { RetentionPass } from './retention-pass';
import type { PassRecord } from './retention.entities';
import { RetentionStateRepository } from './retention-state.repository';

/** The clock of the machine is often wrong just after it has started, and a start has other work to do. */
export const FIRST_AFTER_MS = 5 * 60 * 1000;
export const EVERY_MS = 60 * 60 * 1000;

/** Makes a pass every hour by a clock that is never set, and records how it ended. */
@Injectable()
export class RetentionSchedule implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('Retention');
  private timer: NodeJS.Timeout | null = null;
  private nextAtMs = 0;
  private passing: Promise<PassRecord> | null = null;
  /** The last pass of this process; null before the first. */
  private last: PassRecord | null = null;
  /** Of all passes of this process. */
  readonly totals = { run: 0, logs: 0, artifacts: 0, bytes: 0 };

  constructor(
    private readonly pass: RetentionPass,
    private readonly purger: Purger,
    private readonly state: RetentionStateRepository,
    private readonly time: RetentionClock,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  onApplicationBootstrap(): void {
    this.waitFor(FIRST_AFTER_MS);
  }

  async onModuleDestroy(): Promise<void> {
    if (this.timer) clearTimeout(this.timer);
    await this.passing;
  }

  /** Milliseconds until the next pass. */
  get untilNextMs(): number {
    return Math.max(0, this.nextAtMs - this.clock.monotonicMs());
  }

  /** Returns how the last pass ended, also that of an earlier process; null if there was none. */
  async lastPass(): Promise<PassRecord | null> {
    return this.last ?? (await this.state.get()).lastPass;
  }

  /** Makes a pass now, unless one is in progress. Never rejects. */
  now(): Promise<PassRecord> {
    this.passing ??= this.recorded().finally(() => (this.passing = null));
    return this.passing;
  }

  private waitFor(ms: number): void {
    this.nextAtMs = this.clock.monotonicMs() + ms;
    this.timer = setTimeout(() => void this.now().then(() => this.waitFor(EVERY_MS)), ms).unref();
  }

  private async recorded(): Promise<PassRecord> {
    const startedMs = this.clock.monotonicMs();
    const result = { run: 0, logs: 0, artifacts: 0, bytes: 0 };
    const startedAt = this.clock.now();
    let failure: string | null = null;
    let clockDoubtedForMs = 0;
    try {
      clockDoubtedForMs = await this.time.doubtedForMs();
      await this.pass.run(result);
      await this.returnFreePages();
      failure = [...this.purger.failures.values()][0] ?? null;
    } catch (error) {
      failure = error instanceof Error ? error.message : String(error);
      this.logger.error(`Deleting old runs failed: ${failure}`);
    }
    for (const key of ['run', 'logs', 'artifacts', 'bytes'] as const) this.totals[key] += result[key];
    const durationMs = Math.round(this.clock.monotonicMs() - startedMs);
    this.last = { startedAt, durationMs, ...result, failure, clockDoubtedForMs };
    const { run, logs, artifacts } = result;
    if (run + logs + artifacts > 0)
      this.logger.log(
        `Deleted ${run} runs, the logs of ${logs} and the files of ${artifacts} others in ${durationMs} ms`,
      );
    await this.state.storePass(this.last).catch(() => undefined); // the database has trouble, which health reports
    return this.last;
  }

  /** In small portions, as long as the pass before, so that other writes hardly wait. */
  private async returnFreePages(): Promise<void> {
    let hasMore = true;
    while (hasMore && !this.purger.isStopping) {
      const startedMs = performance.now();
      hasMore = await this.database.returnFreePages();
      await this.purger.pause(performance.now() - startedMs);
    }
  }
}
