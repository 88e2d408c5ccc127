import { Injectable } from '@nestjs/common';
import { Database } from '../database/database';
import type { Transaction } from '../database/writer';
import { OutboxRelay } from '../events/outbox-relay';
import { type ServerEvent, ServerEvents } from '../events/server-events';
import { isTerminal, type Run } from './run';
import { RunChanges } from './run-changes';
import { phaseOf, requestOf } from './run-state';
import { RunRepository } from './run.repository';

/** `waiting`: a request is already in the outbox. */
interface AskedAgain {
  outcome: 'asked' | 'waiting' | 'claimed' | 'ended';
  run: Run;
}

/** Publishes the requests of unclaimed runs again. */
@Injectable()
export class RequestRepublisher {
  constructor(
    private readonly database: Database,
    private readonly runs: RunRepository,
    private readonly events: ServerEvents,
    private readonly relay: OutboxRelay,
    private readonly changes: RunChanges,
  ) {}

  /** Publishes a new request for a run that is unclaimed and has no request in the outbox. */
  async askAgain(runId: string, requestedBy: string): Promise<AskedAgain> {
    const asked = await this.ask({ runId, requestedBy });
    if (asked.outcome === 'asked') {
      this.relay.kick();
      this.changes.wakeReaders(asked.run);
    }
    return asked;
  }

  /**
   * Publishes a new request for each run that is still unclaimed and has no request in the outbox. @returns how many
   */
  async requestAgain(runIds: string[]): Promise<number> {
    if (runIds.length === 0) return 0;
    const count = await this.requestUnrequested(runIds);
    if (count > 0) this.relay.kick();
    return count;
  }

  private readonly ask = this.database.command(
    async (tx: Transaction, asks: { runId: string; requestedBy: string }[]): Promise<AskedAgain[]> => {
      const runs = await this.runs.load(tx, asks);
      const open = [...runs.values()].filter((run) => phaseOf(run) === 'waiting').map(({ runId }) => runId);
      const waiting = await this.relay.requested(tx, open);
      const requests: ServerEvent[] = [];
      const answers = asks.map(({ runId, requestedBy }): AskedAgain => {
        const run = runs.get(runId)!; // runs are never deleted
        if (isTerminal(run)) return { outcome: 'ended', run };
        if (phaseOf(run) !== 'waiting') return { outcome: 'claimed', run };
        if (waiting.has(runId)) return { outcome: 'waiting', run };
        waiting.add(runId);
        requests.push({ runId, ...requestOf(run, requestedBy) });
        return { outcome: 'asked', run };
      });
      await this.events.put(tx, requests);
      return answers;
    },
  );

  private readonly requestUnrequested = this.database.command(
    async (tx: Transaction, inputs: string[][]): Promise<number[]> => {
      const runs = await this.runs.loadUnrequested(tx, [...new Set(inputs.flat())]);
      await this.events.put(
        tx,
        runs.map((run) => ({ runId: run.runId, ...requestOf(run) })),
      );
      const requested = new Set(runs.map(({ runId }) => runId));
      return inputs.map((runIds) => runIds.filter((runId) => requested.has(runId)).length);
    },
  );
}
