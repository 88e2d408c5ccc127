import { Injectable } from '@nestjs/common';
import { Database } from '../database/database';
import type { Transaction } from '../database/writer';
import { ServerEvents } from '../events/server-events';
import { IdempotencyKeyRepository } from './idempotency-key.repository';
import type { Run } from './run';
import { RunChanges } from './run-changes';
import { requestOf } from './run-state';
import { RunRepository } from './run.repository';
import { RunSecrets } from './run-secrets';
import type { Secrets } from './secret-seal';

interface NewRun {
  run: Run;
  /** JSON of the definition that `run.definitionHash` names. */
  definition: string;
  secrets: Secrets;
  idempotency: { key: string; requestHash: string; answer: string } | null;
}

/** A new run whose secrets are encrypted, so that no write contains their values. */
type SealedRun = Omit<NewRun, 'secrets'> & { sealed: string | null };

export type Created =
  | { outcome: 'created' }
  | { outcome: 'busy'; activeRunId: string }
  | { outcome: 'replayed'; answer: string }
  | { outcome: 'key-reused' };

/**
 * Creates runs. One transaction stores the run, its definition, its encrypted secrets, its request to workers and its
 * idempotency key.
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

  /** Creates a run, unless its project has an active run or the idempotency key was used before. */
  async create({ secrets, ...newRun }: NewRun): Promise<Created> {
    const sealed = await this.secrets.sealed(newRun.run.runId, secrets);
    const created = await this.insert({ ...newRun, sealed });
    if (created.outcome === 'created') {
      this.runs.rememberDefinition(newRun.run.definitionHash);
      this.changes.announce(newRun.run, true);
    }
    return created;
  }

  private readonly insert = this.database.command(
    async (tx: Transaction, inputs: SealedRun[]): Promise<Created[]> => {
      const answered = await this.answersByKey(tx, inputs);
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
      const active = await this.runs.activeIds(tx, busy);
      return inputs.map((input): Created => {
        const known = answered.get(input);
        if (known) return known;
        const winner = winners.get(input.run.projectId);
        if (winner === input) return { outcome: 'created' };
        // The same key occurs twice in one batch: the second request gets the first one's answer.
        if (winner?.idempotency && winner.idempotency.key === input.idempotency?.key) {
          return answerTo(input.idempotency, winner.idempotency);
        }
        return { outcome: 'busy', activeRunId: winner?.run.runId ?? active.get(input.run.projectId) ?? '' };
      });
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
  const { key: idempotencyKey, requestHash, answer } = idempotency;
  return [{ idempotencyKey, requestHash, runId: run.runId, answer, createdAt: run.startedAt }];
}

function answerTo(asked: { requestHash: string }, first: { requestHash: string; answer: string }): Created {
  return asked.requestHash === first.requestHash
    ? { outcome: 'replayed', answer: first.answer }
    : { outcome: 'key-reused' };
}
