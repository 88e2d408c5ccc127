import { Injectable } from '@nestjs/common';
import { Clock } from '../clock/clock';
import { Database } from '../database/database';
import type { Transaction } from '../database/writer';
import { type ServerEvent, ServerEvents } from '../events/server-events';
import { CommandFacts } from './command-facts';
import type { Run } from './run';
import { RunChanges } from './run-changes';
import { type Refusal, type RunCommand, transition } from './run-state';
import { RunRepository } from './run.repository';

interface CommandRequest {
  runId: string;
  command: RunCommand;
  /** Called within the transaction, which may have waited. Returns whether the command is still valid. */
  isStillDue?: (run: Run) => boolean;
}

/** Null if the run does not exist. */
export type Commanded = { applied: boolean; run: Run; refusal: Refusal | null; hasEmitted: boolean } | null;

/**
 * Applies commands to runs as the state machine allows. One transaction holds each guarded change and its outbox events.
 * Changes by events are in the module `intake`.
 */
@Injectable()
export class RunCommands {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly facts: CommandFacts,
    private readonly runs: RunRepository,
    private readonly events: ServerEvents,
    private readonly changes: RunChanges,
  ) {}

  async apply(request: CommandRequest): Promise<Commanded> {
    const commanded = await this.applyAll(request);
    if (commanded?.applied) this.changes.announce(commanded.run, commanded.hasEmitted);
    return commanded;
  }

  private readonly applyAll = this.database.command(
    async (tx: Transaction, requests: CommandRequest[]): Promise<Commanded[]> => {
      const runs = await this.facts.load(tx, requests);
      const changed = new Map<string, Run>();
      const events: ServerEvent[] = [];
      const now = this.clock.now();
      const results = requests.map(({ runId, command, isStillDue }): Commanded => {
        const run = runs.get(runId);
        if (!run) return null;
        if (isStillDue && !isStillDue(run)) {
          return { applied: false, run, refusal: 'no-effect', hasEmitted: false };
        }
        const result = transition(run, command, now);
        if (!result.applied) return { applied: false, run, refusal: result.refusal, hasEmitted: false };
        runs.set(runId, result.run);
        changed.set(runId, result.run);
        events.push(...result.emits.map((emission) => ({ runId, ...emission })));
        return { applied: true, run: result.run, refusal: null, hasEmitted: result.emits.length > 0 };
      });
      await this.runs.storeChanged(tx, [...changed.values()]);
      await this.events.put(tx, events);
      return results;
    },
  );
}
