import type { Instant } from '../clock/clock';
import type { Database } from '../database/database';
import { inList, inPortions, placeholders, type TableRows } from '../database/table-rows';
import type { Transaction } from '../database/writer';
import { StreamEntryEntity, StreamPendingEntity } from './event.entities';

/** The tables of the embedded stream: entries, groups, and deliveries that are not acknowledged. */
export class EmbeddedStreamRepository {
  private readonly entryRows: TableRows<StreamEntryEntity>;
  private readonly pendingRows: TableRows<StreamPendingEntity>;

  constructor(private readonly database: Database) {
    this.entryRows = database.rows(StreamEntryEntity);
    this.pendingRows = database.rows(StreamPendingEntity);
  }

  entries(ids: number[]): Promise<StreamEntryEntity[]> {
    return this.entryRows.select(this.database.read, `WHERE id IN ${inList(ids)} ORDER BY id`, ids);
  }

  entriesAfter(id: number, limit: number): Promise<StreamEntryEntity[]> {
    return this.entryRows.select(this.database.read, 'WHERE id > ? ORDER BY id LIMIT ?', [id, limit]);
  }

  async countAfter(id: number): Promise<number> {
    const [row] = await this.database.read.query<{ count: number }>(
      'SELECT COUNT(*) AS count FROM stream_entries WHERE id > ?',
      [id],
    );
    return Number(row?.count ?? 0);
  }

  /** Returns the id of the last entry; 0 if there is none. */
  async lastId(reader: Pick<Transaction, 'query'> = this.database.read): Promise<number> {
    const [last] = await reader.query<{ id: number | null }>('SELECT MAX(id) AS id FROM stream_entries');
    return last?.id ?? 0;
  }

  async groupNames(): Promise<string[]> {
    const rows = await this.database.read.query<{ group_name: string }>(
      'SELECT group_name FROM stream_groups ORDER BY group_name',
    );
    return rows.map(({ group_name }) => group_name);
  }

  /** Returns the id of the last entry delivered to a group; null if the group does not exist. */
  async offset(groupName: string): Promise<number | null> {
    const [row] = await this.database.read.query<{ last_delivered_id: number }>(
      'SELECT last_delivered_id FROM stream_groups WHERE group_name = ?',
      [groupName],
    );
    return row?.last_delivered_id ?? null;
  }

  pending(groupName: string): Promise<StreamPendingEntity[]> {
    const where = 'WHERE group_name = ? ORDER BY entry_id';
    return this.pendingRows.select(this.database.read, where, [groupName]);
  }

  /** Adds entries. @returns their ids */
  readonly insert = this.database.command(
    async (tx: Transaction, batches: Omit<StreamEntryEntity, 'id'>[][]): Promise<number[][]> => {
      const rows = batches.flat();
      await this.entryRows.insert(tx, rows);
      // This process is the only writer, so the new rows have the highest ids, in insertion order.
      let id = (await this.lastId(tx)) - rows.length;
      return batches.map((batch) => batch.map(() => ++id));
    },
  );

  readonly createGroup = this.database.command(async (tx: Transaction, names: string[]): Promise<void[]> => {
    await tx.each(
      'INSERT INTO stream_groups (group_name, last_delivered_id) VALUES (?, 0) ON CONFLICT DO NOTHING',
      names.map((name) => [name]),
    );
    return names.map(() => undefined);
  });

  /** Deletes old entries that all groups have finished. @returns how many */
  readonly deleteOld = this.database.command(
    async (tx: Transaction, inputs: { before: Instant; finishedUpTo: number }[]): Promise<number[]> =>
      tx.each(
        'DELETE FROM stream_entries WHERE id <= ? AND added_at < ?',
        inputs.map(({ before, finishedUpTo }) => [finishedUpTo, before]),
      ),
  );

  async storeOffset(tx: Transaction, groupName: string, lastDeliveredId: number): Promise<void> {
    await tx.query('UPDATE stream_groups SET last_delivered_id = ? WHERE group_name = ?', [
      lastDeliveredId,
      groupName,
    ]);
  }

  async storePending(tx: Transaction, deliveries: StreamPendingEntity[]): Promise<void> {
    for (const some of inPortions(deliveries, 5)) {
      await tx.query(
        'INSERT INTO stream_pending (group_name, entry_id, consumer, delivered_at, delivery_count)' +
          ` VALUES ${placeholders(some.length, 5)}` +
          ' ON CONFLICT (group_name, entry_id) DO UPDATE SET consumer = excluded.consumer,' +
          ' delivered_at = excluded.delivered_at, delivery_count = excluded.delivery_count',
        some.flatMap(({ groupName, entryId, consumer, deliveredAt, deliveryCount }) => [
          groupName,
          entryId,
          consumer,
          deliveredAt,
          deliveryCount,
        ]),
      );
    }
  }

  async deletePending(tx: Transaction, groupName: string, entryIds: number[]): Promise<void> {
    for (const some of inPortions(entryIds, 1)) {
      await tx.query(`DELETE FROM stream_pending WHERE group_name = ? AND entry_id IN ${inList(some)}`, [
        groupName,
        ...some,
      ]);
    }
  }
}
