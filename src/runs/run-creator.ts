import { Injectable } from '@nestjs/common';
import { Database } from '../database/database';
import type { Transaction } from '../database/writer';
import { ServerEvents } from '../events/server-events';
import { IdempotencyKeyRepository } from './idempotency-key.repository';
import type { Run } from './run';
import { RunChanges } from './run-changes';
import { requestOf } from './run-state';
import { type RunView, toRunView } from './run-view';
import { type ActiveRun, RunRepository } from './run.repository';
import { RunSecrets } from './run-secrets';
import type { Secrets } from './secret-seal';

/** Why a run may start once and not again, such as the due time of a schedule. */
export interface StartOccasion {
  /** Returns whether no run was started or refused for this occasion before. */
  isUnused(tx: Transaction): Promise<boolean>;
  /**
   * Records in the creating transaction how the occasion was used.
   * @param runId the run that was started; null if another run of the project is active
   */
  record(tx: Transaction, runId: string | null): Promise<void>;
}

interface NewRun {
  run: Run;
  /** JSON of the definition that `run.definitionHash` names. */
  definition: string;
  secrets: Secrets;
  idempotency: { key: string; requestHash: string } | null;
  occasion: StartOccasion | null;
}

/** A new run whose secrets are encrypted, so that no write contains their values. */
type SealedRun = Omit<NewRun, 'secrets'> & { sealed: string | null };

export type Created =
  | { outcome: 'created'; run: Run }
  | { outcome: 'busy'; active: ActiveRun }
  | { outcome: 'replayed'; answer: string }
  | { outcome: 'key-reused' }
  | { outcome: 'occasion-used' };

/**
 * Creates runs. One transaction stores the run, its definition, its encrypted secrets, its request to workers, its
 * idempotency key and its occasion.
 */
@Injectable()
export class RunCreator {
  constructor(
    private readonly database: Database,
    private readonly runs: RunRepository,
    private readonly keys: IdempotencyKeyRepository,
    private readonly events: ServerEvents,
    private readonly changes: RunChanges,
    private readonly secrets: RunSecrets,
  ) {}

  /** Creates a run, unless its project has an active run, or the idempotency key or the occasion was used before. */
  async create({ secrets, ...newRun }: NewRun): Promise<Created> {
    const sealed = await this.secrets.sealed(newRun.run.runId, secrets);
    const created = await this.insert({ sealed, ...newRun });
    if (created.outcome === 'created') {
      this.runs.rememberDefinition(newRun.run.definitionHash);
      this.changes.announce(created.run, true);
    }
    return created;
  }

  private readonly insert = this.database.command(
    async (tx: Transaction, inputs: SealedRun[]): Promise<Created[]> => {
      const answered = await this.answersByKey(tx, inputs);
      for (const input of inputs) {
        if (input.occasion && !(await input.occasion.isUnused(tx)))
          answered.set(input, { outcome: 'occasion-used' });
      }
      const accepted = new Map<string, SealedRun>();
      for (const input of inputs) {
        const { projectId } = input.run;
        if (!answered.has(input) && !accepted.has(projectId)) accepted.set(projectId, input);
      }

      const candidates = [...accepted.values()];
      const inserted = await this.runs.insert(
        tx,
        candidates.map(({ run }) => run),
      );
      const created = candidates.filter(({ run }) => inserted.has(run));
      await this.storeDefinitions(tx, created);
      await this.events.put(
        tx,
        created.map(({ run }) => ({ runId: run.runId, ...requestOf(run) })),
      );
      await this.secrets.insert(
        tx,
        created.flatMap(({ run, sealed }) => (sealed === null ? [] : [{ runId: run.runId, sealed }])),
      );
      await this.keys.insert(tx, created.flatMap(keyOf));

      const winners = new Map(created.map((input) => [input.run.projectId, input]));
      const busy = [...accepted.keys()].filter((projectId) => !winners.has(projectId));
      const active = await this.runs.activeOf(tx, busy);
      const results = inputs.map((input): Created => {
        const known = answered.get(input);
        if (known) return known;
        const winner = winners.get(input.run.projectId);
        if (winner === input) return { outcome: 'created', run: input.run };
        // The same key occurs twice in one batch: the second request gets the first one's answer.
        if (winner?.idempotency && winner.idempotency.key === input.idempotency?.key) {
          return answerTo(input.idempotency, { ...winner.idempotency, answer: answerFor(winner.run) });
        }
        return { outcome: 'busy', active: winner?.run ?? active.get(input.run.projectId)! };
      });
      for (const [index, { occasion }] of inputs.entries()) {
        const result = results[index]!;
        if (result.outcome === 'created') await occasion?.record(tx, result.run.runId);
        if (result.outcome === 'busy') await occasion?.record(tx, null);
      }
      return results;
    },
  );

  private async answersByKey(tx: Transaction, inputs: SealedRun[]): Promise<Map<SealedRun, Created>> {
    const known = await this.keys.known(
      tx,
      inputs.flatMap(({ idempotency }) => idempotency?.key ?? []),
    );
    return new Map(
      inputs.flatMap((input) => {
        const first = input.idempotency && known.get(input.idempotency.key);
        return first ? [[input, answerTo(input.idempotency!, first)]] : [];
      }),
    );
  }

  private async storeDefinitions(tx: Transaction, created: SealedRun[]): Promise<void> {
    const missing = new Map(created.map(({ run, definition }) => [run.definitionHash, definition]));
    await this.runs.insertDefinitions(
      tx,
      [...missing].map(([definitionHash, definition]) => ({ definitionHash, definition })),
    );
  }
}

function keyOf({ run, idempotency }: SealedRun) {
  if (!idempotency) return [];
  const { key: idempotencyKey, requestHash } = idempotency;
  return [
    { idempotencyKey, requestHash, runId: run.runId, answer: answerFor(run), createdAt: run.startedAt },
  ];
}

/** Returns the view of a new run without a database read: every new run waits for its publication. */
export function viewOfNew(run: Run): RunView {
  return toRunView(run, { code: 'not-yet-published', isFresh: true }, run.startedAt);
}

function answerFor(run: Run): string {
  return JSON.stringify(viewOfNew(run));
}

function answerTo(asked: { requestHash: string }, first: { requestHash: string; answer: string }): Created {
  return asked.requestHash === first.requestHash
    ? { outcome: 'replayed', answer: first.answer }
    : { outcome: 'key-reused' };
}
