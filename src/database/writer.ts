import { LOCK_WAIT_MS, whileLocked } from './lock-wait';
import { StorageCondition } from './storage-condition';
import { StorageError } from './storage-error';
import { type QueuedWrite, WriteQueue } from './write-queue';

/**
 * The SQL operations of a write, inside the writer's open transaction. A write must have no effect that outlives a
 * rollback.
 */
export interface Transaction {
  query<Row = unknown>(sql: string, parameters?: unknown[]): Promise<Row[]>;

  /**
   * Executes the same write once for each row of parameters.
   * @returns how many rows of the table each of them changed
   */
  each(sql: string, rows: unknown[][]): Promise<number[]>;
}

/**
 * A write for many inputs at once. It receives all inputs of one turn of the event loop, and returns outputs in the
 * same order. It must not change any state in memory, because it runs again after a rollback of its group.
 */
export type WriteCommand<Input, Output> = (tx: Transaction, inputs: Input[]) => Promise<Output[]>;

type AnyCommand = WriteCommand<unknown, unknown>;
type Queue = WriteQueue<AnyCommand>;
type Queued = QueuedWrite<AnyCommand>;

/** Called between transactions. */
export interface WriterObserver {
  /** A group of writes was committed or rejected. */
  onGroupDone(): void;
  /** No write waits. */
  onIdle(): void;
}

/** Keeps transactions short, so that they do not block the event loop. */
const MAX_INPUTS_PER_GROUP = 500;
/**
 * Maximum time to gather writes while each turn of the event loop adds more: a commit costs the same for one write as
 * for many.
 */
const GATHER_MS = 5;
/** Milliseconds that a non-urgent write waits for a commit to share. */
const PATIENCE_MS = 50;
/** Time limit for retrying the writes of a failed group one by one. The next group waits during that time. */
const TRY_ALONE_MS = 2_000;
/** A longer wait counts as a storage problem. */
const LONG_WAIT_MS = 1_000;
const QUEUE_LIMITS = { writes: 500_000, writesInTrouble: 50_000, bytes: 64 * 1024 * 1024 };

/**
 * The only writer of the database. It owns the writing connection and its transactions, so that no write becomes part
 * of an unrelated transaction and its rollback. All writes of one turn of the event loop share a commit (group
 * commit). Each caller gets its result after the commit.
 *
 * While another process locks the file, writes wait in the queue and the event loop is not blocked.
 */
export class Writer {
  readonly storage = new StorageCondition();
  private readonly queue: Queue = new WriteQueue(QUEUE_LIMITS);
  /** Writes that wait for the next commit and do not start one. */
  private readonly along: Queue = new WriteQueue(QUEUE_LIMITS);
  private patience: NodeJS.Timeout | null = null;
  private draining = false;
  private idle: Promise<void> = Promise.resolve();
  private closed = false;
  private isWaitingForStorage = false;
  private probing: Promise<unknown> | null = null;

  constructor(
    private readonly connection: Transaction,
    /** Throws if the file at the path is not the one that the connection has open. */
    private readonly assertFileInPlace: () => void,
    private readonly observer: WriterObserver = { onGroupDone: () => undefined, onIdle: () => undefined },
  ) {}

  /** Resolves once the write is durably committed; rejects if it was rolled back. */
  write<Input, Output>(command: WriteCommand<Input, Output>, input: Input): Promise<Output> {
    return this.enqueue(this.queue, command, input, () => this.beginDraining());
  }

  /**
   * Does the same for non-urgent writes, such as clean-up. They share the next commit that another write starts, and
   * get their own only after a while. Each commit waits for the disk and delays all other writes.
   */
  writeAlong<Input, Output>(command: WriteCommand<Input, Output>, input: Input): Promise<Output> {
    return this.enqueue(this.along, command, input, () => this.bePatient());
  }

  /** Writes a page with its current content, to detect a storage problem or its end while there are no other writes. */
  probe(): Promise<unknown> {
    this.probing ??= this.write(nothing, undefined).finally(() => (this.probing = null));
    return this.probing;
  }

  /** Commits queued writes, then rejects further ones. */
  async close(): Promise<void> {
    this.closed = true;
    if (this.along.length > 0) this.beginDraining();
    await this.idle;
  }

  private enqueue<Input, Output>(
    queue: Queue,
    command: WriteCommand<Input, Output>,
    input: Input,
    onQueued: () => void,
  ): Promise<Output> {
    if (this.closed) return Promise.reject(new Error('The database is closed.'));
    const isWaiting = this.isWaitingForStorage || this.storage.trouble !== null;
    const answer = queue.add(command as AnyCommand, input, isWaiting);
    onQueued();
    return answer as Promise<Output>;
  }

  private bePatient(): void {
    if (this.draining) return; // the drain loop checks for remaining writes at its end
    this.patience ??= setTimeout(() => this.beginDraining(), PATIENCE_MS);
  }

  private beginDraining(): void {
    if (this.draining) return;
    this.draining = true;
    if (this.patience) clearTimeout(this.patience);
    this.patience = null;
    this.idle = new Promise((done) => setImmediate(() => void this.drain().then(done)));
  }

  private async drain(): Promise<void> {
    do {
      await this.gather();
      await this.commitNextGroup();
      this.observer.onGroupDone();
      // Yield to sockets and timers, and let the next group grow.
      if (this.queue.length > 0) await nextTurn();
    } while (this.queue.length > 0 || (this.closed && this.along.length > 0));
    this.draining = false;
    if (this.along.length > 0) this.bePatient();
    this.observer.onIdle();
  }

  /** Waits for more writes, because concurrent callers arrive over several turns. A single write does not wait. */
  private async gather(): Promise<void> {
    const untilMs = performance.now() + GATHER_MS;
    let known = 1;
    while (
      this.queue.length > known &&
      this.queue.length < MAX_INPUTS_PER_GROUP &&
      performance.now() < untilMs
    ) {
      known = this.queue.length;
      await nextTurn();
    }
  }

  private async commitNextGroup(): Promise<void> {
    try {
      await this.begin((waitedMs) => {
        this.refuseOverdue(waitedMs);
        return this.queue.length + this.along.length > 0;
      });
    } catch (error) {
      // Without a transaction, each of the writes would fail in the same way.
      refuse([...this.queue.take(this.queue.length), ...this.along.take(this.along.length)], error);
      return;
    }
    await this.commit([...this.queue.take(MAX_INPUTS_PER_GROUP), ...this.along.take(this.along.length)]);
  }

  /** Rejects writes that have waited too long for the storage. Time spent behind other writes does not count. */
  private refuseOverdue(waitedMs: number): void {
    if (waitedMs < LOCK_WAIT_MS) return;
    const overdueMs = performance.now() - LOCK_WAIT_MS;
    for (const queue of [this.queue, this.along]) {
      refuse(queue.takeOlderThan(overdueMs), new StorageError('locked'));
    }
  }

  /** Opens a transaction as soon as no other process locks the file. */
  private async begin(isWorthWaiting: (waitedMs: number) => boolean): Promise<void> {
    try {
      await whileLocked(
        // IMMEDIATE: a deferred transaction that reads first fails at its first write
        // if another process wrote in between.
        () => this.control('BEGIN IMMEDIATE'),
        (waitedMs) => {
          this.isWaitingForStorage = true;
          if (waitedMs > LONG_WAIT_MS) this.storage.failed('locked');
          return isWorthWaiting(waitedMs);
        },
      );
    } catch (error) {
      this.noteFailure(error);
      throw error;
    } finally {
      this.isWaitingForStorage = false;
    }
  }

  private async control(statement: 'BEGIN IMMEDIATE' | 'COMMIT'): Promise<void> {
    if (statement === 'BEGIN IMMEDIATE') this.assertFileInPlace();
    await this.connection.query(statement);
    // Do not acknowledge a commit to a file that was deleted in the meantime.
    if (statement === 'COMMIT') this.assertFileInPlace();
  }

  /** Executes a group in the open transaction, and settles each of its writes. */
  private async commit(group: Queued[]): Promise<void> {
    try {
      const outputs = await this.inTransaction(group);
      group.forEach((write, index) => write.resolve(outputs[index]));
    } catch (error) {
      if (group.length > 1 && mayBeOneOfThem(error)) await this.commitEachAlone(group);
      else refuse(group, error);
    }
  }

  /**
   * Retries the writes of a failed group one by one, so that an invalid write affects no other. On an almost full
   * disk, the same applies to a large write.
   */
  private async commitEachAlone(group: Queued[]): Promise<void> {
    const startedMs = performance.now();
    const isWorthWaiting = () => performance.now() - startedMs < TRY_ALONE_MS;
    for (const [index, write] of group.entries()) {
      try {
        await this.begin(isWorthWaiting);
      } catch (error) {
        refuse(group.slice(index), error);
        return;
      }
      await this.commit([write]);
      if (this.storage.trouble === null) continue;
      if (!isWorthWaiting()) {
        refuse(group.slice(index + 1), new StorageError(this.storage.trouble));
        return;
      }
      await nextTurn(); // on a full disk, each failure takes time
    }
  }

  private async inTransaction(group: Queued[]): Promise<unknown[]> {
    try {
      const outputs = new Array<unknown>(group.length);
      for (const [command, indexes] of byCommand(group)) {
        const results = await command(
          this.connection,
          indexes.map((index) => group[index]!.input),
        );
        indexes.forEach((index, position) => (outputs[index] = results[position]));
      }
      // A transaction without changes succeeds even on a full disk and would prove nothing.
      if (this.storage.trouble !== null) await rewriteOnePage(this.connection);
      await this.control('COMMIT');
      this.storage.succeeded();
      return outputs;
    } catch (error) {
      await this.connection.query('ROLLBACK').catch(() => undefined); // SQLite may have rolled back already
      this.noteFailure(error);
      throw error;
    }
  }

  private noteFailure(error: unknown): void {
    if (error instanceof StorageError) this.storage.failed(error.reason);
  }
}

/** Whether other writes of the group may succeed although the group failed. */
function mayBeOneOfThem(error: unknown): boolean {
  return !(error instanceof StorageError) || error.reason === 'full' || error.reason === 'broken';
}

function refuse(writes: Queued[], error: unknown): void {
  for (const { reject } of writes) reject(error);
}

function nextTurn(): Promise<void> {
  return new Promise((next) => setImmediate(next));
}

async function rewriteOnePage(tx: Transaction): Promise<void> {
  const [row] = await tx.query<{ user_version: number }>('PRAGMA user_version');
  await tx.query(`PRAGMA user_version = ${row!.user_version}`);
}

const nothing: WriteCommand<undefined, undefined> = async (_tx, inputs) => inputs;

function byCommand(group: Queued[]): Map<AnyCommand, number[]> {
  const indexes = new Map<AnyCommand, number[]>();
  group.forEach(({ command }, index) => {
    const known = indexes.get(command);
    if (known) known.push(index);
    else indexes.set(command, [index]);
  });
  return indexes;
}
