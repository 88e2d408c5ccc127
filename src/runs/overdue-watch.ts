import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Clock } from '../clock/clock';
import { EventStream } from '../events/event-stream';
import { EventConsumer } from './event-consumer';
import type { Run } from './run';
import { LEASE_SECONDS } from './lease';
import { RunQueries } from './run-queries';
import type { RunCommand } from './run-state';
import { RunStore } from './run-store';

const LOOK_EVERY_MS = 1000;
/** A look that comes so much too late shows that this process itself stood still, or that the clock was set. */
const STOOD_STILL_MS = 5000;
/** Workers elsewhere say every few seconds that they are at it; after a start they are given the time for it. */
const HEARD_AGAIN_WITHIN_MS = 15_000;

/** Which limit of a run has passed, as the command that follows from it; null if none has. Pure. */
export function overdueCommand(run: Run, now: string): RunCommand | null {
  const passed = (instant: string | null) => instant !== null && instant < now;
  if (passed(run.stopBy)) return { type: 'give-up-stopping' };
  if (passed(run.leaseExpiresAt)) {
    if (run.leaseToken !== null && run.leaseUsedAt === null) {
      return { type: 'unclaim', attempt: run.attempt, leaseToken: run.leaseToken };
    }
    return {
      type: 'lose-worker',
      attempt: run.attempt,
      message: `The worker ${run.workerId ?? ''} was last heard from at ${run.lastHeardAt} and let its lease end.`,
    };
  }
  if (passed(run.claimBy) && run.claimedAt === null) return { type: 'give-up-waiting' };
  if (passed(run.finishBy)) return { type: 'time-out' };
  return null;
}

/** Notices what does not happen: a worker that fell silent, a run that nobody takes, a stop that nobody confirms. */
@Injectable()
export class OverdueWatch implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(OverdueWatch.name);
  private timer: NodeJS.Timeout | null = null;
  private looking: Promise<void> = Promise.resolve();
  private isDestroyed = false;
  private lastLookMs = 0;
  private patientUntilMs = 0;
  /** While the stream is away nobody hears a request and nobody is heard; until then that is held against no run. */
  private deafUntilMs = 0;
  /** Runs that some worker had when this life began, and until when their leases last in any case. */
  private excused: Promise<{ runIds: Set<string>; untilMs: number }> | null = null;

  constructor(
    private readonly queries: RunQueries,
    private readonly store: RunStore,
    private readonly clock: Clock,
    private readonly consumer: EventConsumer,
    private readonly stream: EventStream,
  ) {}

  onApplicationBootstrap(): void {
    this.excused = this.consumer.caughtUp.then(() => this.findExcused());
    // What was said before this life is applied first: a run that has ended and said so is not overdue.
    void this.consumer.caughtUp.then(() => {
      if (this.isDestroyed) return;
      this.lastLookMs = Date.now();
      this.timer = setInterval(() => this.lookIfFair(), LOOK_EVERY_MS);
    });
  }

  async onModuleDestroy(): Promise<void> {
    this.isDestroyed = true;
    if (this.timer) clearInterval(this.timer);
    await this.looking;
  }

  /** Whoever stood still, with this process, could not send a sign of life: they get the time of a lease for it. */
  private lookIfFair(): void {
    const nowMs = Date.now();
    if (nowMs - this.lastLookMs > STOOD_STILL_MS) {
      this.patientUntilMs = nowMs + LEASE_SECONDS * 1000;
      this.logger.warn(`This server stood still for ${Math.round((nowMs - this.lastLookMs) / 1000)} s.`);
    }
    this.lastLookMs = nowMs;
    if (nowMs < this.patientUntilMs) return;
    this.looking = this.look().catch((error: unknown) =>
      this.logger.error(`Looking for overdue runs: ${String(error)}`),
    );
  }

  async look(): Promise<void> {
    const now = this.clock.now();
    const nowMs = this.clock.nowMs();
    if (this.stream.trouble !== null) this.deafUntilMs = nowMs + LEASE_SECONDS * 1000;
    for (const run of await this.queries.overdue()) {
      const command = overdueCommand(run, now);
      if (!command) continue;
      if (command.type !== 'give-up-stopping' && nowMs < this.deafUntilMs) continue;
      if ((command.type === 'lose-worker' || command.type === 'unclaim') && (await this.isExcused(run)))
        continue;
      const commanded = await this.store.command(run.runId, command);
      if (commanded?.applied) {
        this.logger.warn({
          runId: run.runId,
          msg: `Run ${run.runId}: ${command.type}, now ${commanded.run.status}`,
        });
      }
    }
  }

  /** While there was no server nobody could be heard by it. */
  private async findExcused(): Promise<{ runIds: Set<string>; untilMs: number }> {
    const untilMs = this.clock.nowMs() + HEARD_AGAIN_WITHIN_MS;
    const runs = await this.queries.allActive().catch(() => []);
    return { runIds: new Set(runs.map(({ runId }) => runId)), untilMs };
  }

  private async isExcused({ runId }: Run): Promise<boolean> {
    const excused = await this.excused;
    return excused !== null && excused.runIds.has(runId) && this.clock.nowMs() < excused.untilMs;
  }
}
