import type { Instant } from '../clock/clock';
import type { StreamFields } from './run-event';

/** An entry as a consumer receives it. Its fields are unvalidated input. */
export interface StreamEntry {
  /** Assigned by the stream, in ascending order. */
  id: string;
  fields: Record<string, string>;
  /** 1 on the first delivery; 0 for an entry that is only read again. */
  deliveryCount: number;
}

export interface ConsumerState {
  name: string;
  pending: number;
  /** Milliseconds since the last read or acknowledgement. */
  idleMs: number;
}

export interface GroupState {
  name: string;
  /** Entries not yet delivered to any consumer of the group. A lower bound if the stream has no exact count. */
  lag: number;
  /** Entries delivered but not acknowledged. */
  pending: number;
  consumers: ConsumerState[];
}

/** `API_GROUP` applies events to runs; `WORKER_GROUP` executes runs. */
export const API_GROUP = 'jobato-api';
export const WORKER_GROUP = 'jobato-workers';

/**
 * A stream of events with consumer groups, modelled on Redis Streams. Each group receives each entry. One consumer of
 * the group receives the entry, which stays pending until that consumer acknowledges it. Delivery is at least once.
 * `describeEventStream` in test/ is the contract that every adapter passes.
 */
export abstract class EventStream {
  /**
   * Whether the stream can lose entries that it accepted. A separate server may be flushed, lose its last seconds in a
   * restart, or be trimmed by another client. The database is the source of truth, and missing entries are published
   * again.
   */
  abstract readonly isVolatile: boolean;

  /**
   * Whether programs other than this server can write to the stream. If so, an entry proves nothing about its sender.
   */
  abstract readonly isShared: boolean;

  /** Whether another installation has precedence on the stream, so that this one does not use it. */
  get isReserved(): boolean {
    return false;
  }

  /** Why the stream is unavailable; null while it is available. */
  abstract readonly trouble: string | null;

  /** Number of reconnects after an outage. */
  abstract readonly reconnects: number;

  /**
   * Appends entries. Resolves once they are durable. After a rejection it is unknown whether they were stored.
   * @returns their ids, in the same order
   */
  abstract publish(entries: StreamFields[]): Promise<string[]>;

  /**
   * Creates the group if it does not exist. A new group starts at the first entry on the stream, so it skips nothing.
   */
  abstract ensureGroup(group: string): Promise<void>;

  /**
   * Delivers up to `count` entries that no consumer of the group has received. Waits up to `waitMs` for the first one.
   * Returns an empty list on timeout or when the signal aborts.
   */
  abstract read(
    group: string,
    consumer: string,
    options: { count: number; waitMs: number; signal?: AbortSignal },
  ): Promise<StreamEntry[]>;

  /** Acknowledges entries. Resolves once the acknowledgement is durable. */
  abstract acknowledge(group: string, ids: string[]): Promise<void>;

  /**
   * Moves entries that have been pending for at least `idleMs` to this consumer, oldest first. Increments their
   * delivery count.
   */
  abstract takeOver(
    group: string,
    consumer: string,
    options: { idleMs: number; count: number },
  ): Promise<StreamEntry[]>;

  /**
   * Passes every entry published from now on to the follower, without group or acknowledgement. May miss entries, but
   * never repeats one.
   */
  abstract follow(onEntry: (fields: Record<string, string>) => void): Promise<{ stop(): Promise<void> }>;

  /**
   * Deletes entries added before `before`, except those that a group has not acknowledged. A stream that outlives its
   * readers also deletes groups without recent activity, consumers of previous Jobato processes, and applied log
   * lines, which are in the database.
   * @returns how many entries were deleted
   */
  abstract trim(before: Instant): Promise<number>;

  abstract groups(): Promise<GroupState[]>;

  /**
   * Registers a server that applies the stream's events. Call it every few seconds.
   * @param installationId of its database
   * @returns names of servers with another database: they take events of this installation and reject them
   */
  abstract register(installationId: string, nodeId: string): Promise<string[]>;

  abstract unregister(installationId: string, nodeId: string): Promise<void>;

  /**
   * Returns all entries delivered to the group since the earliest of these entries, inclusive, in any state.
   * Used to find entries delivered to a consumer that was deleted. Empty for a stream that cannot lose deliveries.
   */
  abstract deliveredSince(group: string, entryIds: string[]): AsyncIterable<StreamEntry[]>;

  /**
   * Returns those of the entries that can still be delivered. They are on the stream and, if a group is given, the
   * group has not delivered them and then lost the delivery.
   */
  abstract obtainable(ids: string[], group: string | null): Promise<Set<string>>;

  /** Ends all waiting reads, which then return an empty list. */
  abstract close(): Promise<void>;
}
