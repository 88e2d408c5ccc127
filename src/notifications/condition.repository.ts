import { Injectable } from '@nestjs/common';
import { Database } from '../database/database';
import { inList, type TableRows } from '../database/table-rows';
import type { Transaction } from '../database/writer';
import type { DeliveryFacts, OpenCondition } from './delivery';
import { DeliveryRepository } from './delivery.repository';
import { ConditionEntity } from './notification.entities';
import { clearedKind } from './run-notices';

/** A condition that began, with the channels to tell. */
export interface BegunCondition extends OpenCondition {
  told: string[];
}

/** A condition that is over, with the facts for those who were told. */
export interface EndedCondition {
  condition: ConditionEntity;
  facts: DeliveryFacts;
}

/** Conditions that last. Each is announced in the transaction that stores it, and cleared in the one that deletes it. */
@Injectable()
export class ConditionRepository {
  private readonly rows: TableRows<ConditionEntity>;

  constructor(
    private readonly database: Database,
    private readonly deliveries: DeliveryRepository,
  ) {
    this.rows = database.rows(ConditionEntity);
  }

  all(): Promise<ConditionEntity[]> {
    return this.rows.select(this.database.read, 'ORDER BY kind, subject', []);
  }

  ofProjects(tx: Transaction, projectIds: string[]): Promise<ConditionEntity[]> {
    return this.rows.select(tx, `WHERE project_id IN ${inList(projectIds)}`, projectIds);
  }

  /** Stores and announces conditions that are new. A condition of a run that has ended is not stored. */
  readonly begin = this.database.command(
    async (tx: Transaction, begun: BegunCondition[]): Promise<boolean[]> => {
      const stored: boolean[] = [];
      for (const condition of begun) {
        const isNew = (await this.isOfActiveRun(tx, condition)) && (await this.isStored(tx, condition));
        if (isNew) await this.announce(tx, condition);
        stored.push(isNew);
      }
      return stored;
    },
  );

  /** Deletes conditions that are over, and tells those who were told. */
  readonly end = this.database.command(async (tx: Transaction, ended: EndedCondition[]): Promise<void[]> => {
    for (const { condition, facts } of ended) await this.close(tx, condition, facts, new Set());
    return ended.map(() => undefined);
  });

  /**
   * Deletes a condition that is over. It is not mentioned to channels that learn of its end in another way, nor where
   * its announcement was never tried.
   */
  async close(
    tx: Transaction,
    { kind, subject, projectId, runId, told }: ConditionEntity,
    facts: DeliveryFacts,
    silent: ReadonlySet<string>,
  ): Promise<void> {
    const deleted = await tx.query(
      'DELETE FROM notification_conditions WHERE kind = ? AND subject = ? RETURNING kind',
      [kind, subject],
    );
    if (deleted.length === 0) return;
    const withdrawn = await this.deliveries.withdraw(tx, { kind, subject }, projectId);
    const informed = told.filter(
      (channelId) => !silent.has(channelId) && (withdrawn.get(channelId)?.wasTried ?? true),
    );
    await this.deliveries.insert(
      tx,
      informed.map((channelId) => ({
        channelId,
        kind: clearedKind(kind),
        projectId,
        runId,
        subject,
        facts,
      })),
    );
  }

  private async isOfActiveRun(tx: Transaction, { runId }: BegunCondition): Promise<boolean> {
    if (runId === null) return true;
    const active = await tx.query("SELECT run_id FROM runs WHERE run_id = ? AND status = 'running'", [runId]);
    return active.length > 0;
  }

  private async isStored(tx: Transaction, condition: BegunCondition): Promise<boolean> {
    return (await this.rows.insert(tx, [condition], { onConflict: 'ignore' })).length > 0;
  }

  private async announce(tx: Transaction, condition: BegunCondition): Promise<void> {
    const { kind, subject, projectId, runId, facts, told } = condition;
    await this.deliveries.insert(
      tx,
      told.map((channelId) => ({ channelId, kind, projectId, runId, subject, facts })),
    );
  }
}
