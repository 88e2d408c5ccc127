import { whileLocked } from './lock-wait';
import { StorageCondition } from './storage-condition';
import { StorageError } from './storage-error';
import { type QueuedWrite, WriteQueue } from './write-queue';

/** What a write may do: SQL inside the writer's open transaction, nothing that outlives a rollback. */
export interface Transaction {
  query<Row = unknown>(sql: string, parameters?: unknown[]): Promise<Row[]>;

  /** The same write once for each row of parameters. @returns how many rows of the table each of them changed */
  each(sql: string, rows: unknown[][]): Promise<number[]>;
}

/**
 * A write, told for many inputs at once: it gets all that came in the same turn of the event loop, and answers
 * in their order. It must leave nothing behind in memory, because it is run again when its group was rolled back.
 */
export type WriteCommand<Input, Output> = (tx: Transaction, inputs: Input[]) => Promise<Output[]>;

type AnyCommand = WriteCommand<unknown, unknown>;
type Queue = WriteQueue<AnyCommand>;
type Queued = QueuedWrite<AnyCommand>;

/** Keeps one transaction short enough not to hold up the event loop. */
const MAX_INPUTS_PER_GROUP = 500;
/** A commit costs the same for one write as for many. While each turn of the event loop brings more, it waits this long. */
const GATHER_MS = 5;
/** How long a write that is in no hurry waits for a commit that it can share. */
const PATIENCE_MS = 50;
/** A write that waits for the storage is answered after this long: written, or with a StorageError. */
const STORAGE_WAIT_MS = 5_000;
/** The writes of a group that failed are tried one by one for this long; the next group waits meanwhile. */
const TRY_ALONE_MS = 2_000;
/** A wait that is longer counts as trouble. */
const LONG_WAIT_MS = 1_000;
const QUEUE_LIMITS = { writes: 500_000, writesInTrouble: 50_000, bytes: 64 * 1024 * 1024 };

/**
 * The only one that writes to the database. It owns the one writing connection and its transactions, so no write
 * can fall into a stranger's transaction and be rolled back with it. All writes of one turn of the event loop
 * share a commit (group commit), and each caller is answered after it.
 *
 * While another process holds the file, writes wait in the queue and the event loop stays free.
 */
export class Writer {
  readonly storage = new StorageCondition();
  private readonly queue: Queue = new WriteQueue(QUEUE_LIMITS);
  /** What waits for the next commit and asks for none. */
  private readonly along: Queue = new WriteQueue(QUEUE_LIMITS);
  private patience: NodeJS.Timeout | null = null;
  private draining = false;
  private idle: Promise<void> = Promise.resolve();
  private closed = false;
  private isWaitingForStorage = false;
  private probing: Promise<unknown> | null = null;

  constructor(
    private readonly connection: Transaction,
    /** Throws if the file is no longer the one that the connection has open. */
    private readonly assertFileInPlace: () => void,
    /** Called when nothing is left to write. */
    private readonly onIdle: () => void = () => undefined,
  ) {}

  /** Resolves once the write is committed, durably; rejects if it was rolled back. */
  write<Input, Output>(command: WriteCommand<Input, Output>, input: Input): Promise<Output> {
    return this.enqueue(this.queue, command, input, () => this.beginDraining());
  }

  /**
   * The same for what is in no hurry, such as tidying up: it shares the next commit that somebody asks for, and has one
   * of its own only if none comes for a while. A commit waits for the disk, and everybody else waits with it.
   */
  writeAlong<Input, Output>(command: WriteCommand<Input, Output>, input: Input): Promise<Output> {
    return this.enqueue(this.along, command, input, () => this.bePatient());
  }

  /** Writes a page with its present content, so that trouble is noticed, and its end too, while no caller writes. */
  probe(): Promise<unknown> {
    this.probing ??= this.write(nothing, undefined).finally(() => (this.probing = null));
    return this.probing;
  }

  /** Commits what is queued, then takes no more. */
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
    if (this.draining) return; // which looks afterwards whether anyone is left
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
      // Lets sockets and timers have their turn, and the next group grow.
      if (this.queue.length > 0) await nextTurn();
    } while (this.queue.length > 0 || (this.closed && this.along.length > 0));
    this.draining = false;
    if (this.along.length > 0) this.bePatient();
    this.onIdle();
  }

  /** Callers at work at the same time come in over several turns, a few in each. A lone write does not wait. */
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
      // A database that gives no transaction would fail each of them just the same.
      refuse([...this.queue.take(this.queue.length), ...this.along.take(this.along.length)], error);
      return;
    }
    await this.commit([...this.queue.take(MAX_INPUTS_PER_GROUP), ...this.along.take(this.along.length)]);
  }

  /** Those that have waited long enough for the storage; what a busy writer lets them wait does not count. */
  private refuseOverdue(waitedMs: number): void {
    if (waitedMs < STORAGE_WAIT_MS) return;
    const overdueMs = performance.now() - STORAGE_WAIT_MS;
    for (const queue of [this.queue, this.along]) {
      refuse(queue.takeOlderThan(overdueMs), new StorageError('locked'));
    }
  }

  /** Opens a transaction as soon as no other process holds the file. */
  private async begin(isWorthWaiting: (waitedMs: number) => boolean): Promise<void> {
    try {
      await whileLocked(
        () => this.control('BEGIN IMMEDIATE'), // a deferred one that reads first fails at its first write if another process wrote in between
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
    // Not acknowledged where it went into a file that was deleted meanwhile.
    if (statement === 'COMMIT') this.assertFileInPlace();
  }

  /** Carries a group out in the open transaction, and answers each of it. */
  private async commit(group: Queued[]): Promise<void> {
    try {
      const outputs = await this.inTransaction(group);
      group.forEach((write, index) => write.resolve(outputs[index]));
    } catch (error) {
      if (group.length > 1 && mayBeOneOfThem(error)) await this.commitEachAlone(group);
      else refuse(group, error);
    }
  }

  /** One bad write must hurt only itself; on a disk that is almost full, neither must a large one. */
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
      await nextTurn(); // a full disk takes its time to say so
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
      // A transaction that changed nothing succeeds on a full disk too, and would prove nothing.
      if (this.storage.trouble !== null) await rewriteOnePage(this.connection);
      await this.control('COMMIT');
      this.storage.succeeded();
      return outputs;
    } catch (error) {
      await this.connection.query('ROLLBACK').catch(() => undefined); // SQLite may have rolled back by itself
      this.noteFailure(error);
      throw error;
    }
  }

  private noteFailure(error: unknown): void {
    if (error instanceof StorageError) this.storage.failed(error.reason);
  }
}

/** Whether the others of the group may be written though the group could not. */
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
