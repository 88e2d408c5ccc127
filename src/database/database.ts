import { dirname } from 'node:path';
import type { DataSource, EntityTarget, ObjectLiteral } from 'typeorm';
import type { BetterSqlite3Driver } from 'typeorm/driver/better-sqlite3/BetterSqlite3Driver';
import { DatabaseFile } from './database-file';
import { DiskReserve } from './disk-reserve';
import { openConnections } from './open-connections';
import { PatientReader } from './patient-reader';
import { SqliteConnection } from './sqlite-connection';
import { StorageError, type StorageReason } from './storage-error';
import { TableRows } from './table-rows';
import { WalTruncation } from './wal-truncation';
import { type Transaction, type WriteCommand, Writer } from './writer';

/** How often the file is looked for, and, in trouble, tried. */
const LOOK_EVERY_MS = 1_000;
/** How long a caller that asks whether writing works again waits for the answer. */
const PROBE_WAIT_MS = 200;

/**
 * One file, two connections: the writer's, that nobody else touches, and one for reading that cannot write.
 * A read never waits for a write, never sees half of one, and sees every write that was answered.
 */
export class Database {
  /** The committed state, for reading only: SQLite itself refuses a write here. */
  readonly read: Pick<Transaction, 'query'>;
  private readonly writer: Writer;
  private readonly truncation: WalTruncation;
  private readonly timer: NodeJS.Timeout;

  private constructor(
    private readonly writing: DataSource,
    private readonly reading: DataSource,
    private readonly file: DatabaseFile,
    private readonly reserve: DiskReserve,
  ) {
    const connection = connectionOf(writing);
    this.read = new PatientReader(connectionOf(reading, true));
    this.truncation = new WalTruncation(connection, file);
    this.writer = new Writer(
      connection,
      () => file.assertInPlace(),
      () => this.truncation.onIdle(),
    );
    reserve.keep();
    this.timer = setInterval(() => this.look(), LOOK_EVERY_MS).unref();
  }

  /**
   * Opens the file, makes it if it is new, and brings its tables up to date.
   * @throws StartUpError
   */
  static async open(path: string, entities: EntityTarget<ObjectLiteral>[]): Promise<Database> {
    const reserve = new DiskReserve(dirname(path));
    const { writing, reading } = await openConnections(path, entities, reserve);
    return new Database(writing, reading, new DatabaseFile(path), reserve);
  }

  /** @throws StorageError, after some seconds of waiting where another process holds the file */
  write<Input, Output>(command: WriteCommand<Input, Output>, input: Input): Promise<Output> {
    return this.writer.write(command, input);
  }

  /** A write that shares the next commit instead of asking for one: for what is in no hurry. */
  writeAlong<Input, Output>(command: WriteCommand<Input, Output>, input: Input): Promise<Output> {
    return this.writer.writeAlong(command, input);
  }

  /** Why nothing can be written; null while writing works. */
  get trouble(): StorageReason | null {
    return this.writer.storage.trouble;
  }

  /**
   * `performance.now()` of the last moment at which a write failed for the storage, or had waited for it for more than
   * a second; null if that never happened in this process.
   */
  get lastTroubleAtMs(): number | null {
    return this.writer.storage.lastTroubleAtMs;
  }

  /**
   * Rejects if nothing can be written. What was in trouble the last time is tried again first.
   * @throws StorageError
   */
  async assertWritable(): Promise<void> {
    if (this.seemsWritable()) return;
    const giveUp = rejectAfter(PROBE_WAIT_MS, new StorageError(this.trouble ?? 'gone'));
    await Promise.race([this.writer.probe(), giveUp]);
  }

  rows<Entity extends ObjectLiteral>(entity: EntityTarget<Entity>): TableRows<Entity> {
    return new TableRows(this.writing, entity);
  }

  /** SQL that would be needed to bring the tables to what the entities say: none, if the migrations are complete. */
  async missingMigrations(): Promise<string[]> {
    const { upQueries } = await this.writing.driver.createSchemaBuilder().log();
    return upQueries.map(({ query }) => query);
  }

  /** Commits what is under way, then closes both connections. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    this.truncation.stop();
    await this.writer.close();
    this.truncation.stop();
    // SQLite deletes the log at its path when it closes: by now that may be the log of a restored database.
    if (!this.file.isInPlace()) return;
    await this.reading.destroy();
    await this.writing.destroy();
  }

  /** Notices a deleted file, and the end of any trouble, without a caller that writes. */
  private look(): void {
    if (this.seemsWritable()) this.reserve.keep();
    else this.writer.probe().catch(() => undefined);
  }

  private seemsWritable(): boolean {
    return this.trouble === null && this.file.isInPlace();
  }
}

function rejectAfter(ms: number, error: Error): Promise<never> {
  return new Promise((_, reject) => setTimeout(reject, ms, error).unref());
}

/** The connection that TypeORM has opened and brought up to date. */
function connectionOf(dataSource: DataSource, isForReading = false): SqliteConnection {
  return new SqliteConnection((dataSource.driver as BetterSqlite3Driver).databaseConnection, isForReading);
}
