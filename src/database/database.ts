import { dirname } from 'node:path';
import type { DataSource, EntityTarget, ObjectLiteral, Repository } from 'typeorm';
import type { BetterSqlite3Driver } from 'typeorm/driver/better-sqlite3/BetterSqlite3Driver';
import { Checkpoints } from './checkpoints';
import { DatabaseFile } from './database-file';
import { DiskReserve } from './disk-reserve';
import { FreePages } from './free-pages';
import { openConnections } from './open-connections';
import { PatientReader, patiently } from './patient-reader';
import { SqliteConnection } from './sqlite-connection';
import { StorageError, type StorageReason } from './storage-error';
import { TableRows } from './table-rows';
import { type Transaction, type WriteCommand, Writer } from './writer';

export interface DatabaseSizes {
  usedBytes: number;
  /** Pages that new rows use again. */
  freeBytes: number;
  walBytes: number;
  /** Whether free pages are returned to the file system. False for files of versions that could not do that. */
  returnsFreePages: boolean;
}

const INCREMENTAL_VACUUM = 2;
/** Interval for checking the file, and for retrying after a storage problem. */
const LOOK_EVERY_MS = 1_000;
/** Milliseconds that `assertWritable` waits for a test write. */
const PROBE_WAIT_MS = 200;

/**
 * One file with two connections: one for the writer only, and a read-only one. A read never waits for a write and
 * never sees a partial one. It sees every acknowledged write.
 */
export class Database {
  /** Reads the committed state. SQLite itself refuses writes on this connection. */
  readonly read: Pick<Transaction, 'query'>;
  private readonly writer: Writer;
  private readonly checkpoints: Checkpoints;
  private readonly freePages: FreePages;
  private readonly timer: NodeJS.Timeout;

  private constructor(
    private readonly writing: DataSource,
    private readonly reading: DataSource,
    private readonly file: DatabaseFile,
    private readonly reserve: DiskReserve,
  ) {
    const connection = connectionOf(writing);
    this.read = new PatientReader(connectionOf(reading, true));
    this.checkpoints = new Checkpoints(connection, file);
    this.freePages = new FreePages(connection);
    this.writer = new Writer(connection, () => file.assertInPlace(), this.checkpoints);
    reserve.keep();
    this.timer = setInterval(() => this.look(), LOOK_EVERY_MS).unref();
  }

  /**
   * Opens the file, creates it if it does not exist, and runs the migrations.
   * @throws StartUpError
   */
  static async open(path: string, entities: EntityTarget<ObjectLiteral>[]): Promise<Database> {
    const reserve = new DiskReserve(dirname(path));
    const { writing, reading } = await openConnections(path, entities, reserve);
    return new Database(writing, reading, new DatabaseFile(path), reserve);
  }

  /**
   * Declares a write. The result is called like a method, with one input: it resolves after the commit, which the
   * inputs of all callers in that turn share.
   * @returns a function that throws StorageError, after up to several seconds if another process locks the file
   */
  command<Input, Output>(write: WriteCommand<Input, Output>): (input: Input) => Promise<Output> {
    return (input) => this.write(write, input);
  }

  /** Commits a write that is used once. */
  write<Input, Output>(command: WriteCommand<Input, Output>, input: Input): Promise<Output> {
    return this.writer.write(command, input);
  }

  /** Declares a write that is not urgent: it joins the next commit instead of starting one. */
  commandAlong<Input, Output>(write: WriteCommand<Input, Output>): (input: Input) => Promise<Output> {
    return (input) => this.writer.writeAlong(write, input);
  }

  /** Why writes fail; null while they succeed. */
  get trouble(): StorageReason | null {
    return this.writer.storage.trouble;
  }

  /**
   * `monotonicMs()` of the last write that failed because of the storage or waited more than a second for it. Null
   * if there was none in this process.
   */
  get lastTroubleAtMs(): number | null {
    return this.writer.storage.lastTroubleAtMs;
  }

  /**
   * Rejects if writes fail. After a storage problem, it first tries a test write.
   * @throws StorageError
   */
  async assertWritable(): Promise<void> {
    if (this.seemsWritable()) return;
    const giveUp = rejectAfter(PROBE_WAIT_MS, new StorageError(this.trouble ?? 'gone'));
    await Promise.race([this.writer.probe(), giveUp]);
  }

  /** Reads from each table. @throws if one cannot be read */
  async assertReadable(): Promise<void> {
    const tables = this.reading.entityMetadatas.map(({ tableName }) => tableName);
    await this.read.query(`SELECT ${tables.map((table) => `EXISTS (SELECT 1 FROM ${table})`).join(', ')}`);
  }

  /**
   * Reads with TypeORM's repository, for reads that are rare. Waits for a lock of another process like `read`.
   * @throws StorageError
   */
  find<Entity extends ObjectLiteral, Result>(
    entity: EntityTarget<Entity>,
    look: (rows: Repository<Entity>) => Promise<Result>,
  ): Promise<Result> {
    return patiently(() => look(this.reading.getRepository(entity)));
  }

  rows<Entity extends ObjectLiteral>(entity: EntityTarget<Entity>): TableRows<Entity> {
    return new TableRows(this.writing, entity);
  }

  /**
   * Returns unused pages of the file to the file system, as many as fit into a short write. Only databases with
   * incremental vacuum can do that.
   * @returns whether there are more
   */
  returnFreePages(): Promise<boolean> {
    return this.writer.write(this.freePages.giveBack, undefined);
  }

  /** Returns the sizes of the file and its parts, in bytes. */
  async fileSizes(): Promise<DatabaseSizes> {
    const [row] = await this.read.query<{ size: number; pages: number; free: number; vacuum: number }>(
      'SELECT page_size AS size, page_count AS pages, freelist_count AS free, auto_vacuum AS vacuum' +
        ' FROM pragma_page_size, pragma_page_count, pragma_freelist_count, pragma_auto_vacuum',
    );
    const { size, pages, free, vacuum } = row!;
    return {
      usedBytes: (pages - free) * size,
      freeBytes: free * size,
      walBytes: this.file.walBytes(),
      returnsFreePages: vacuum === INCREMENTAL_VACUUM,
    };
  }

  /** Returns the SQL that would make the tables match the entities. Empty if the migrations are complete. */
  async missingMigrations(): Promise<string[]> {
    const { upQueries } = await this.writing.driver.createSchemaBuilder().log();
    return upQueries.map(({ query }) => query);
  }

  /** Commits queued writes, then closes both connections. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.writer.close();
    await this.checkpoints.stop();
    // When SQLite closes, it deletes the log at its path, which may now be the log of a restored database.
    if (!this.file.isInPlace()) return;
    await this.reading.destroy();
    await this.writing.destroy();
  }

  /** Detects a deleted file, and the end of a storage problem, even if there are no other writes. */
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

/** Returns the connection that TypeORM has opened. */
function connectionOf(dataSource: DataSource, isForReading = false): SqliteConnection {
  return new SqliteConnection((dataSource.driver as BetterSqlite3Driver).databaseConnection, isForReading);
}
