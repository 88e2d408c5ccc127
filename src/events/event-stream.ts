import type { Instant } from '../clock/clock';
import type { StreamFields } from './run-event';

/** An entry as a consumer gets it. Its fields are what somebody sent: nothing about them is sure. */
export interface StreamEntry {
  /** Given by the stream; rises. */
  id: string;
  fields: Record<string, string>;
  /** 1 on the first delivery; 0 for one that is only looked at again. */
  deliveryCount: number;
}

export interface ConsumerState {
  name: string;
  pending: number;
  /** Milliseconds since it last read or acknowledged. */
  idleMs: number;
}

export interface GroupState {
  name: string;
  /** Entries that no consumer of the group was handed yet; at least so many, where the stream cannot tell exactly. */
  lag: number;
  /** Entries that were handed out and not acknowledged. */
  pending: number;
  consumers: ConsumerState[];
}

/** The group that applies events to runs, and the one that carries runs out. */
export const API_GROUP = 'jobato-api';
export const WORKER_GROUP = 'jobato-workers';

/**
 * A stream of events with consumer groups, after the model of Redis Streams: each group is handed each entry,
 * each entry goes to one consumer of the group, and stays pending until that one acknowledges it. Delivery is at
 * least once. `describeEventStream` in test/ is the contract that every adapter passes.
 */
export abstract class EventStream {
  /**
   * Whether what the stream has taken can be lost again: a server of its own may be flushed, come back without its
   * last seconds, or be trimmed by a stranger. The database is the truth, and what is missing is published again.
   */
  abstract readonly isVolatile: boolean;

  /** Whether programs other than this server can write to it: then an entry proves nothing about its sender. */
  abstract readonly isShared: boolean;

  /** Why the stream cannot be used at the moment; null while it can. */
  abstract readonly trouble: string | null;

  /** How often it came back after it was away. */
  abstract readonly reconnects: number;

  /**
   * Adds entries at the end. Resolves once they are durable; a rejection means "unknown", not "no".
   * @returns their ids, in the same order
   */
  abstract publish(entries: StreamFields[]): Promise<string[]>;

  /** Makes the group where it is missing. It begins at the first entry that there is: nothing is skipped. */
  abstract ensureGroup(group: string): Promise<void>;

  /**
   * Hands out up to `count` entries that no consumer of the group has seen. Waits up to `waitMs` for the first;
   * then, or when the signal aborts, the answer is an empty list.
   */
  abstract read(
    group: string,
    consumer: string,
    options: { count: number; waitMs: number; signal?: AbortSignal },
  ): Promise<StreamEntry[]>;

  /** Resolves once it is durable that these entries are done with. */
  abstract acknowledge(group: string, ids: string[]): Promise<void>;

  /** Moves pending entries that nobody has touched for `idleMs` to this consumer, oldest first, and counts it. */
  abstract takeOver(
    group: string,
    consumer: string,
    options: { idleMs: number; count: number },
  ): Promise<StreamEntry[]>;

  /** Every entry published from now on, for every follower, without group or acknowledgement: may miss, never repeats. */
  abstract follow(onEntry: (fields: Record<string, string>) => void): Promise<{ stop(): Promise<void> }>;

  /**
   * Deletes entries added before `before`, but none that a group has not finished with. A stream that lives longer
   * than those who read it also lets go of groups in which nobody was heard since, of consumers of ours that are
   * gone, and of lines of logs that were applied, which lie in the database.
   * @returns how many entries
   */
  abstract trim(before: Instant): Promise<number>;

  abstract groups(): Promise<GroupState[]>;

  /**
   * Registers a server that applies the stream's events. To be repeated every few seconds.
   * @param installationId of its database
   * @returns the names of servers with another database: they take events that are not theirs, and reject them
   */
  abstract register(installationId: string, nodeId: string): Promise<string[]>;

  abstract unregister(installationId: string, nodeId: string): Promise<void>;

  /**
   * What the group was handed since the earliest of these entries, itself included, whatever has become of it: for
   * finding what was handed to a consumer that somebody deleted. Nothing where deliveries cannot be forgotten.
   */
  abstract deliveredSince(group: string, entryIds: string[]): AsyncIterable<StreamEntry[]>;

  /**
   * Which of these entries somebody can still get: they lie on the stream and, where a group is named, were not
   * handed out by it and then dropped without a trace.
   */
  abstract obtainable(ids: string[], group: string | null): Promise<Set<string>>;

  /** Ends the reads that wait: their answer is an empty list. */
  abstract close(): Promise<void>;
}
