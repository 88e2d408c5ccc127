import { Injectable } from '@nestjs/common';
import { LogTail } from '../logs/log-tail';
import type { LogLineInput, RunEvent } from '../events/run-event';
import type { ProjectDefinition } from '../projects/project';
import { EventApplier } from './event-applier';
import { EventConsumer } from './event-consumer';
import { LEASE_SECONDS } from './lease';
import { isTerminal, type Run, type WorkerLoss } from './run';
import { RunDeadlines } from './run-deadlines';
import { RunQueries } from './run-queries';
import { timesOf } from './sender-clock';
import { RunStore } from './run-store';

export interface Assignment {
  run: Run;
  definition: ProjectDefinition;
  /** How long ago the run started. */
  elapsedMs: number;
}

/** What a worker deals with beside events: taking a run, keeping it, handing it back, and the log. */
@Injectable()
export class RunClaims {
  constructor(
    private readonly store: RunStore,
    private readonly applier: EventApplier,
    private readonly queries: RunQueries,
    private readonly tail: LogTail,
    private readonly consumer: EventConsumer,
    private readonly deadlines: RunDeadlines,
  ) {}

  /**
   * Compare-and-swap in the database: of all who try, one gets the run; the others get null.
   * @param executor what kind of runs the worker can carry out
   */
  async claim(runId: string, workerId: string, executor: Run['executor']): Promise<Assignment | null> {
    // Read before: a run that was claimed and could then not be begun would be held by a worker that is not at it.
    const definition = await this.queries.definitionFor(runId, executor);
    if (definition === null) return null;
    const claimed = await this.store.command(runId, { type: 'claim', workerId, leaseSeconds: LEASE_SECONDS });
    if (!claimed?.applied) return null;
    return { run: claimed.run, definition, elapsedMs: this.deadlines.elapsedMs(claimed.run) };
  }

  /** What a worker of this process has to tell, where the stream cannot be relied on to keep it. In order. */
  async tell(events: RunEvent[]): Promise<void> {
    await Promise.all(events.map((event) => this.applier.applyAndPublish(event)));
  }

  /** How things stand for the one who holds, or held, this attempt. */
  async standing(runId: string, attempt: number): Promise<{ stillHeld: boolean; stopRequested: boolean }> {
    const run = await this.queries.standing(runId);
    return {
      stillHeld: run !== null && !isTerminal(run) && run.attempt === attempt,
      stopRequested: run !== null && run.cancelRequestedAt !== null,
    };
  }

  /**
   * Everything that this worker holds goes to the next attempt, or ends: it is gone, or about to go.
   * @throws StorageError also while events from before may say that a run has ended
   */
  async release(workerId: string, loss: WorkerLoss): Promise<Run[]> {
    this.consumer.assertCaughtUp();
    const held = await this.queries.heldBy(workerId);
    const released = await Promise.all(
      held.map(({ runId, attempt }) => this.store.command(runId, { type: 'lose-worker', attempt, loss })),
    );
    return released.flatMap((commanded) => (commanded?.applied ? [commanded.run] : []));
  }

  /**
   * Adds lines to a run's log. Those of an attempt that is no longer the run's, or has ended, are dropped.
   * @returns whether more lines would be kept
   */
  async appendLog(runId: string, attempt: number, lines: LogLineInput[]): Promise<{ accepting: boolean }> {
    const run = await this.queries.standing(runId);
    if (!run || isTerminal(run) || run.attempt !== attempt) return { accepting: false };
    const { limitReached } = await this.tail.append({ runId, attempt, lines, timeOf: timesOf(run) });
    return { accepting: !limitReached };
  }
}
