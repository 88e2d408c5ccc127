import { EventEmitter } from 'node:events';
import { Injectable } from '@nestjs/common';
import { Clock, type Instant, toInstant } from '../clock/clock';
import { Database } from '../database/database';
import type { Transaction } from '../database/writer';
import { EventStream, type GroupState, type StreamEntry } from './event-stream';
import type { StreamFields } from './run-event';
import { EmbeddedStreamRepository } from './embedded-stream.repository';

interface Pending {
  consumer: string;
  deliveredAtMs: number;
  deliveryCount: number;
  /** Delivery count stored in the database; 0 if this delivery is not stored yet. */
  storedCount: number;
}

interface Group {
  name: string;
  lastDeliveredId: number;
  /** The last entry id when this process opened the group. Earlier entries are from a previous process. */
  lastIdAtOpening: number;
  pending: Map<number, Pending>;
  /** Acknowledged entries whose pending row may still be in the database. */
  toDelete: Set<number>;
  consumerSeenAtMs: Map<string, number>;
  /** Serializes the reads of one group, so that each entry is delivered once. */
  turn: Promise<unknown>;
}

/** The part of a group that a commit wrote: deliveries with their stored count, and the ids of deleted pending rows. */
interface Stored {
  pending: [Pending, number][];
  deletedIds: number[];
}

/**
 * An event stream for a single process. Entries and groups are tables of the main database, so it needs no
 * installation.
 *
 * Deliveries are decided in memory and stored later, in the same commit as other writes. After a crash, the database
 * may lack recent deliveries and acknowledgements. Those entries are delivered again. At-least-once delivery allows
 * that, and the inbox ignores duplicates.
 */
@Injectable()
export class EmbeddedEventStream extends EventStream {
  readonly isVolatile = false;
  readonly isShared = false;
  readonly trouble = null; // health already reports database problems
  readonly reconnects = 0;
  private readonly rows: EmbeddedStreamRepository;
  private readonly known = new Map<string, Promise<Group>>();
  private readonly published = new EventEmitter().setMaxListeners(0);
  private lastId: number | null = null;
  private closed = false;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {
    super();
    this.rows = new EmbeddedStreamRepository(database);
  }

  async publish(entries: StreamFields[]): Promise<string[]> {
    if (entries.length === 0) return [];
    const addedAt = this.clock.now();
    const ids = await this.rows.insert(entries.map((fields) => ({ fields: { ...fields }, addedAt })));
    this.lastId = Math.max(ids.at(-1)!, this.lastId ?? 0);
    this.published.emit('entries', entries);
    return ids.map(String);
  }

  async ensureGroup(name: string): Promise<void> {
    await this.group(name);
  }

  async read(
    groupName: string,
    consumer: string,
    { count, waitMs, signal }: { count: number; waitMs: number; signal?: AbortSignal },
  ): Promise<StreamEntry[]> {
    const group = await this.group(groupName);
    const deadlineMs = this.clock.monotonicMs() + waitMs;
    for (;;) {
      const entries = await this.inTurn(group, () => this.deliver(group, consumer, count));
      const leftMs = deadlineMs - this.clock.monotonicMs();
      if (entries.length > 0 || leftMs <= 0 || signal?.aborted || this.closed) return entries;
      await this.nextPublish(leftMs, () => group.lastDeliveredId < (this.lastId ?? 0), signal);
    }
  }

  async acknowledge(groupName: string, ids: string[]): Promise<void> {
    if (ids.length === 0) return;
    const group = await this.group(groupName);
    for (const id of ids.map(Number)) {
      const pending = group.pending.get(id);
      if (!pending) continue;
      group.consumerSeenAtMs.set(pending.consumer, this.clock.steadyMs());
      group.pending.delete(id);
      group.toDelete.add(id);
    }
    await this.storeAlong(group);
  }

  async takeOver(
    groupName: string,
    consumer: string,
    { idleMs, count }: { idleMs: number; count: number },
  ): Promise<StreamEntry[]> {
    const group = await this.group(groupName);
    const nowMs = this.clock.steadyMs();
    group.consumerSeenAtMs.set(consumer, nowMs);
    const ids = [...group.pending]
      .filter(([, { deliveredAtMs }]) => nowMs - deliveredAtMs >= idleMs)
      .map(([id]) => id)
      .sort((a, b) => a - b)
      .slice(0, count);
    if (ids.length === 0) return [];
    const before = ids.map((id) => ({ ...group.pending.get(id)! }));
    for (const id of ids) {
      const pending = group.pending.get(id)!;
      Object.assign(pending, { consumer, deliveredAtMs: nowMs, deliveryCount: pending.deliveryCount + 1 });
    }
    try {
      // Awaited, unlike a first delivery: the count must be stored before an entry that crashes the process is
      // delivered.
      await this.store(group);
    } catch (error) {
      // Restore the counts: a failed write must not use up the delivery attempts of valid entries.
      ids.forEach((id, index) => Object.assign(group.pending.get(id) ?? {}, before[index]));
      throw error;
    }
    const rows = await this.rows.entries(ids);
    return rows.map(({ id, fields }) => ({
      id: String(id),
      fields,
      deliveryCount: group.pending.get(id)?.deliveryCount ?? 1,
    }));
  }

  async follow(onEntry: (fields: Record<string, string>) => void): Promise<{ stop(): Promise<void> }> {
    const listener = (entries: StreamFields[]) => entries.forEach((fields) => onEntry({ ...fields }));
    this.published.on('entries', listener);
    return { stop: async () => void this.published.off('entries', listener) };
  }

  async trim(before: Instant): Promise<number> {
    const groups = await this.allGroups();
    const finishedUpTo = Math.min(...groups.map(firstUnfinishedId)) - 1;
    if (!Number.isFinite(finishedUpTo)) return 0;
    return this.rows.deleteOld({ before, finishedUpTo });
  }

  /** No other server can share this stream, because it is in the server's own database. */
  register(): Promise<string[]> {
    return Promise.resolve([]);
  }

  unregister(): Promise<void> {
    return Promise.resolve();
  }

  async groups(): Promise<GroupState[]> {
    const groups = await this.allGroups();
    return Promise.all(
      groups.map(async (group) => ({
        name: group.name,
        lag: await this.countAfter(group.lastDeliveredId),
        pending: group.pending.size,
        consumers: [...group.consumerSeenAtMs].map(([name, seenAtMs]) => ({
          name,
          pending: [...group.pending.values()].filter(({ consumer }) => consumer === name).length,
          idleMs: Math.max(0, this.clock.steadyMs() - seenAtMs),
        })),
      })),
    );
  }

  /** Empty: deliveries are in the same database as their effects, and no other program deletes them. */
  async *deliveredSince(): AsyncGenerator<StreamEntry[]> {}

  async obtainable(ids: string[]): Promise<Set<string>> {
    const rows = await this.rows.entries(ids.map(Number));
    return new Set(rows.map(({ id }) => String(id)));
  }

  async close(): Promise<void> {
    this.closed = true;
    this.published.emit('entries', []);
  }

  private group(name: string): Promise<Group> {
    let group = this.known.get(name);
    if (!group) {
      group = this.openGroup(name);
      this.known.set(name, group);
      group.catch(() => this.known.delete(name));
    }
    return group;
  }

  /** Includes groups not used since start-up, because they too have an offset and unacknowledged entries. */
  private async allGroups(): Promise<Group[]> {
    const names = await this.rows.groupNames();
    return Promise.all(names.map((name) => this.group(name)));
  }

  private async openGroup(name: string): Promise<Group> {
    const offset = await this.rows.offset(name);
    if (offset === null) await this.rows.createGroup(name);
    const pending = await this.rows.pending(name);
    const lastId = await this.rows.lastId();
    this.lastId ??= lastId;
    // The clock may have been set back since the delivery, so cap the delivery time at now.
    const nowMs = this.clock.steadyMs();
    const deliveredAtMs = (row: { deliveredAt: Instant }) => Math.min(Date.parse(row.deliveredAt), nowMs);
    return {
      name,
      lastDeliveredId: offset ?? 0,
      lastIdAtOpening: lastId,
      pending: new Map(
        pending.map((row) => [
          row.entryId,
          {
            consumer: row.consumer,
            deliveredAtMs: deliveredAtMs(row),
            deliveryCount: row.deliveryCount,
            storedCount: row.deliveryCount,
          },
        ]),
      ),
      toDelete: new Set(),
      consumerSeenAtMs: new Map(pending.map((row) => [row.consumer, deliveredAtMs(row)])),
      turn: Promise.resolve(),
    };
  }

  private async deliver(group: Group, consumer: string, count: number): Promise<StreamEntry[]> {
    const nowMs = this.clock.steadyMs();
    group.consumerSeenAtMs.set(consumer, nowMs);
    if (count <= 0 || group.lastDeliveredId >= (this.lastId ?? 0)) return [];
    const rows = await this.rows.entriesAfter(group.lastDeliveredId, count);
    for (const { id } of rows) {
      group.pending.set(id, { consumer, deliveredAtMs: nowMs, deliveryCount: 1, storedCount: 0 });
      group.lastDeliveredId = id;
    }
    if (rows.length > 0) {
      // Entries from a previous process may have crashed it. Store their delivery count before delivering them.
      if (rows[0]!.id <= group.lastIdAtOpening) await this.store(group).catch(() => undefined);
      // Not awaited, so that the consumer can start at once. If a crash loses this write, the entries are delivered
      // again.
      else void this.storeAlong(group).catch(() => undefined);
    }
    return rows.map(({ id, fields }) => ({ id: String(id), fields, deliveryCount: 1 }));
  }

  private inTurn<Result>(group: Group, task: () => Promise<Result>): Promise<Result> {
    const result = group.turn.then(task);
    group.turn = result.catch(() => undefined);
    return result;
  }

  private nextPublish(waitMs: number, already: () => boolean, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.published.off('entries', done);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, Math.min(waitMs, 2 ** 31 - 1));
      this.published.on('entries', done);
      signal?.addEventListener('abort', done, { once: true });
      if (already() || signal?.aborted) done();
    });
  }

  private async countAfter(id: number): Promise<number> {
    return id >= (this.lastId ?? 0) ? 0 : this.rows.countAfter(id);
  }

  /** Writes the group's changes to the database. Marks them as stored only after the commit. */
  private async store(group: Group): Promise<void> {
    noteStored(group, await this.storeGroup(group));
  }

  /** Does the same, as part of the next commit that another caller waits for. */
  private async storeAlong(group: Group): Promise<void> {
    noteStored(group, await this.storeGroupAlong(group));
  }

  private readonly storeGroups = async (tx: Transaction, inputs: Group[]): Promise<Stored[]> => {
    const stored = new Map<Group, Stored>();
    for (const group of new Set(inputs)) stored.set(group, await this.writeGroup(tx, group));
    return inputs.map((group) => stored.get(group)!);
  };
  private readonly storeGroup = this.database.command(this.storeGroups);
  private readonly storeGroupAlong = this.database.commandAlong(this.storeGroups);

  private async writeGroup(tx: Transaction, group: Group): Promise<Stored> {
    const { name, lastDeliveredId, pending, toDelete } = group;
    const changed = [...pending].filter(
      ([, { storedCount, deliveryCount }]) => storedCount !== deliveryCount,
    );
    const deletedIds = [...toDelete];
    await this.rows.storeOffset(tx, name, lastDeliveredId);
    await this.rows.storePending(
      tx,
      changed.map(([entryId, { consumer, deliveredAtMs, deliveryCount }]) => ({
        groupName: name,
        entryId,
        consumer,
        deliveredAt: toInstant(deliveredAtMs),
        deliveryCount,
      })),
    );
    await this.rows.deletePending(tx, name, deletedIds);
    return { pending: changed.map(([, delivery]) => [delivery, delivery.deliveryCount]), deletedIds };
  }
}

function noteStored(group: Group, { pending, deletedIds }: Stored): void {
  for (const [delivery, storedCount] of pending) delivery.storedCount = storedCount;
  for (const id of deletedIds) group.toDelete.delete(id);
}

function firstUnfinishedId(group: Group): number {
  return Math.min(group.lastDeliveredId + 1, ...group.pending.keys());
}
