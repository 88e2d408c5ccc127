import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Clock } from '../clock/clock';
import type { Run } from './run';
import { RunQueries } from './run-queries';
import type { RunCommand } from './run-state';
import { RunStore } from './run-store';

const LOOK_EVERY_MS = 1000;

/** Which limit of a run has passed, as the command that follows from it; null if none has. Pure. */
export function overdueCommand(run: Run, now: string): RunCommand | null {
  const passed = (instant: string | null) => instant !== null && instant < now;
  if (passed(run.stopBy)) return { type: 'give-up-stopping' };
  if (passed(run.leaseExpiresAt)) {
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

  constructor(
    private readonly queries: RunQueries,
    private readonly store: RunStore,
    private readonly clock: Clock,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.looking = this.look().catch((error: unknown) =>
        this.logger.error(`Looking for overdue runs: ${String(error)}`),
      );
    }, LOOK_EVERY_MS);
  }

  async onModuleDestroy(): Promise<void> {
    if (this.timer) clearInterval(this.timer);
    await this.looking;
  }

  async look(): Promise<void> {
    const now = this.clock.now();
    for (const run of await this.queries.overdue()) {
      const command = overdueCommand(run, now);
      if (!command) continue;
      const commanded = await this.store.command(run.runId, command);
      if (commanded?.applied) {
        this.logger.warn({
          runId: run.runId,
          msg: `Run ${run.runId}: ${command.type}, now ${commanded.run.status}`,
        });
      }
    }
  }
}
