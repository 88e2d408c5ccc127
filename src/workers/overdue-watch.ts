import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Database } from '../database/database';
import { EventStream } from '../events/event-stream';
import { EventConsumer } from '../intake/event-consumer';
import { type Limit, RunDeadlines } from './run-deadlines';
import { type LimitedRun, RunRepository } from '../runs/run.repository';
import type { RunCommand } from '../runs/run-state';
import { RunsService } from '../runs/runs.service';

const LOOK_EVERY_MS = 1000;

/** Returns the command that follows from the passed limit of a run; null if none has passed. Pure. */
export function overdueCommand(run: LimitedRun, hasPassed: (limit: Limit) => boolean): RunCommand | null {
  if (hasPassed('stop')) return { type: 'give-up-stopping' };
  if (hasPassed('lease')) {
    if (run.leaseToken !== null && run.leaseUsedAt === null) {
      return { type: 'unclaim', attempt: run.attempt, leaseToken: run.leaseToken };
    }
    return { type: 'lose-worker', attempt: run.attempt, loss: { kind: 'lease-expired' } };
  }
  if (hasPassed('claim') && run.claimedAt === null) return { type: 'give-up-waiting' };
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
  private looking: Promise<void> | null = null;
  private isDestroyed = false;

  constructor(
    private readonly runs: RunRepository,
    private readonly service: RunsService,
    private readonly deadlines: RunDeadlines,
    private readonly consumer: EventConsumer,
    private readonly stream: EventStream,
    private readonly database: Database,
  ) {}

  onApplicationBootstrap(): void {
    // Wait for the backlog: a run whose final event is in it is not overdue.
    void this.consumer.caughtUp.then(async () => {
      if (this.isDestroyed) return;
      // Treat the downtime before start-up as an outage, because workers could not send heartbeats.
      await this.activeRuns().catch((error: unknown) => this.failed(error));
      this.deadlines.noteOutage({ isOwn: false });
      this.timer = setInterval(() => this.lookUnlessLooking(), LOOK_EVERY_MS);
    });
  }

  async onModuleDestroy(): Promise<void> {
    this.isDestroyed = true;
    if (this.timer) clearInterval(this.timer);
    await this.looking;
  }

  private lookUnlessLooking(): void {
    this.looking ??= this.look()
      .catch((error: unknown) => this.failed(error))
      .finally(() => (this.looking = null));
  }

  async look(): Promise<void> {
    const runs = await this.activeRuns();
    // Only after the runs are loaded, so that an ongoing outage also covers runs that are new in this look.
    this.noteOutages();
    for (const run of runs) {
      const command = overdueCommand(run, (limit) => this.deadlines.hasPassed(run.runId, limit));
      if (!command) continue;
      const decided = this.deadlines.decision(run);
      const commanded = await this.service.command(run.runId, command, (now) => decided.holdsFor(now));
      decided.end();
      if (commanded?.applied) {
        this.logger.warn({
          runId: run.runId,
          msg: `Run ${run.runId}: ${command.type}, status ${commanded.run.status}`,
        });
      }
    }
  }

  private async activeRuns(): Promise<LimitedRun[]> {
    const { runs, blockedMs } = await this.deadlines.look(() => this.runs.allLimited());
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
