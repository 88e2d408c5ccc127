import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Database } from '../database/database';
import { EventStream } from '../events/event-stream';
import { EventConsumer } from '../intake/event-consumer';
import { DeadlineRecorder } from './deadline-recorder';
import { type Limit, RunDeadlines } from './run-deadlines';
import type { RunWithDeadlines } from '../runs/run.repository';
import type { RunCommand } from '../runs/run-state';
import { RunsService } from '../runs/runs.service';

const CHECK_EVERY_MS = 1000;

/** Returns the command for the first deadline of a run that has passed; null if none has. Pure. */
export function overdueCommand(
  run: RunWithDeadlines,
  hasPassed: (limit: Limit) => boolean,
): RunCommand | null {
  if (hasPassed('stop')) return { type: 'end-unconfirmed-stop' };
  if (hasPassed('lease')) {
    if (run.leaseToken !== null && run.leaseUsedAt === null) {
      return { type: 'unclaim', attempt: run.attempt, leaseToken: run.leaseToken };
    }
    return { type: 'lose-worker', attempt: run.attempt, loss: { kind: 'lease-expired' } };
  }
  if (hasPassed('claim') && run.claimedAt === null) return { type: 'fail-unclaimed' };
  if (hasPassed('finish')) return { type: 'time-out' };
  return null;
}

/**
 * Watches the deadlines of active runs: expired leases, runs that are never claimed, stops that are never confirmed,
 * runs that take too long.
 */
@Injectable()
export class OverdueWatch implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(OverdueWatch.name);
  private timer: NodeJS.Timeout | null = null;
  private checking: Promise<void> | null = null;
  private isDestroyed = false;

  constructor(
    private readonly recorder: DeadlineRecorder,
    private readonly service: RunsService,
    private readonly deadlines: RunDeadlines,
    private readonly consumer: EventConsumer,
    private readonly stream: EventStream,
    private readonly database: Database,
  ) {}

  onApplicationBootstrap(): void {
    // Wait until the backlog is applied: it may contain the final event of a run.
    void this.consumer.caughtUp.then(async () => {
      if (this.isDestroyed) return;
      // Treat the downtime before start-up as an outage, because workers could not send heartbeats. Load the runs first:
      // an outage extends only deadlines that are known. It does not extend those of stops, so it is not `isOwn`.
      await this.activeRuns().catch((error: unknown) => this.failed(error));
      this.deadlines.noteOutage({ isOwn: false });
      this.timer = setInterval(() => this.checkUnlessChecking(), CHECK_EVERY_MS);
    });
  }

  async onModuleDestroy(): Promise<void> {
    this.isDestroyed = true;
    if (this.timer) clearInterval(this.timer);
    await this.checking;
  }

  private checkUnlessChecking(): void {
    this.checking ??= this.check()
      .catch((error: unknown) => this.failed(error))
      .finally(() => (this.checking = null));
  }

  async check(): Promise<void> {
    const runs = await this.activeRuns();
    // An outage extends only deadlines that are known, so the runs are loaded first.
    this.noteOutages();
    for (const run of runs) {
      const command = overdueCommand(run, (limit) => this.deadlines.hasPassed(run.runId, limit));
      // Its worker has done its part.
      if (!command || this.consumer.isPreparingEnd(run.runId)) continue;
      const decision = this.deadlines.decision(run);
      const commanded = await this.service.command(run.runId, command, (current) =>
        decision.holdsFor(current),
      );
      decision.noteIfSlow();
      if (commanded?.applied) {
        this.logger.warn({
          runId: run.runId,
          msg: `Run ${run.runId}: ${command.type}, status ${commanded.run.status}`,
        });
      }
    }
  }

  private async activeRuns(): Promise<RunWithDeadlines[]> {
    const { runs, blockedMs } = await this.recorder.look();
    if (blockedMs > 0) this.logger.warn(`Event loop blocked for ${Math.round(blockedMs / 1000)} s.`);
    return runs;
  }

  private noteOutages(): void {
    const { lastTroubleAtMs } = this.database;
    if (lastTroubleAtMs !== null) this.deadlines.noteOutage({ isOwn: true }, lastTroubleAtMs);
    if (this.stream.trouble !== null || this.consumer.trouble !== null) {
      this.deadlines.noteOutage({ isOwn: false });
    }
  }

  private failed(error: unknown): void {
    this.deadlines.noteOutage({ isOwn: true });
    this.logger.error(`Checking for overdue runs failed: ${String(error)}`);
  }
}
