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

interface Waiting {
  command: WriteCommand<unknown, unknown>;
  input: unknown;
  resolve: (output: unknown) => void;
  reject: (reason: unknown) => void;
}

/** Keeps one transaction short enough not to hold up the event loop. */
const MAX_INPUTS_PER_GROUP = 500;
/** How long a write that is in no hurry waits for a commit that it can share. */
const PATIENCE_MS = 50;

/**
 * The only one that writes to the database. It owns the one writing connection and its transactions, so no write
 * can fall into a stranger's transaction and be rolled back with it. All writes of one turn of the event loop
 * share a commit (group commit), and each caller is answered after it.
 */
export class Writer {
  private readonly queue: Waiting[] = [];
  /** What waits for the next commit and asks for none. */
  private readonly along: Waiting[] = [];
  private patience: NodeJS.Timeout | null = null;
  private draining = false;
  private idle: Promise<void> = Promise.resolve();
  private closed = false;
  /** Why nothing can be written at the moment; null while it can. */
  trouble: string | null = null;

  constructor(private readonly connection: Transaction) {}

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

  /** Commits what is queued, then takes no more. */
  async close(): Promise<void> {
    this.closed = true;
    if (this.along.length > 0) this.beginDraining();
    await this.idle;
  }

  private enqueue<Input, Output>(
    queue: Waiting[],
    command: WriteCommand<Input, Output>,
    input: Input,
    onQueued: () => void,
  ): Promise<Output> {
    if (this.closed) return Promise.reject(new Error('The database is closed.'));
    return new Promise<Output>((resolve, reject) => {
      queue.push({
        command: command as WriteCommand<unknown, unknown>,
        input,
        resolve: resolve as (output: unknown) => void,
        reject,
      });
      onQueued();
    });
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
      await this.commitGroup([...this.queue.splice(0, MAX_INPUTS_PER_GROUP), ...this.along.splice(0)]);
      // Lets sockets and timers have their turn, and the next group grow.
      if (this.queue.length > 0) await new Promise((next) => setImmediate(next));
    } while (this.queue.length > 0 || (this.closed && this.along.length > 0));
    this.draining = false;
    if (this.along.length > 0) this.bePatient();
  }

  private async commitGroup(group: Waiting[]): Promise<void> {
    try {
      const outputs = await this.inTransaction(group);
      group.forEach((waiting, index) => waiting.resolve(outputs[index]));
    } catch (error) {
      // A database that gives no transaction, or cannot end one, would fail each of the group just the same.
      if (group.length === 1 || error instanceof NoTransaction) {
        for (const waiting of group) waiting.reject(error instanceof NoTransaction ? error.cause : error);
        return;
      }
      // One bad write must hurt only itself: the group is rolled back whole, and each is tried alone.
      for (const waiting of group) await this.commitGroup([waiting]);
    }
  }

  private async control(statement: string): Promise<void> {
    try {
      await this.connection.query(statement);
    } catch (error) {
      this.trouble = error instanceof Error ? error.message : String(error);
      throw new NoTransaction(error);
    }
  }

  private async inTransaction(group: Waiting[]): Promise<unknown[]> {
    // IMMEDIATE: a deferred transaction that reads first fails at its first write if anyone wrote in between.
    await this.control('BEGIN IMMEDIATE');
    try {
      const outputs = new Array<unknown>(group.length);
      for (const [command, indexes] of byCommand(group)) {
        const results = await command(
          this.connection,
          indexes.map((index) => group[index]!.input),
        );
        indexes.forEach((index, position) => (outputs[index] = results[position]));
      }
      await this.control('COMMIT');
      this.trouble = null;
      return outputs;
    } catch (error) {
      await this.connection.query('ROLLBACK').catch(() => undefined); // SQLite may have rolled back by itself
      throw error;
    }
  }
}

/** The transaction itself could not be had; no command is to blame. */
class NoTransaction extends Error {
  constructor(override readonly cause: unknown) {
    super('The database gives no transaction.');
  }
}

function byCommand(group: Waiting[]): Map<Waiting['command'], number[]> {
  const indexes = new Map<Waiting['command'], number[]>();
  group.forEach(({ command }, index) => {
    const known = indexes.get(command);
    if (known) known.push(index);
    else indexes.set(command, [index]);
  });
  return indexes;
}
