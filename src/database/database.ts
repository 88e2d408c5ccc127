import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type BetterSqlite3 from 'better-sqlite3';
import { DataSource, type EntityTarget, type ObjectLiteral } from 'typeorm';
import type { BetterSqlite3DataSourceOptions } from 'typeorm/driver/better-sqlite3/BetterSqlite3DataSourceOptions';
import type { BetterSqlite3Driver } from 'typeorm/driver/better-sqlite3/BetterSqlite3Driver';
import { MIGRATIONS } from './migrations/all';
import { SqliteConnection } from './sqlite-connection';
import { TableRows } from './table-rows';
import { type Transaction, type WriteCommand, Writer } from './writer';

type Connection = Pick<BetterSqlite3.Database, 'pragma' | 'function'>;

/**
 * One file, two connections: the writer's, that nobody else touches, and one for reading that cannot write.
 * A read never waits for a write, never sees half of one, and sees every write that was answered.
 */
export class Database {
  private constructor(
    private readonly writing: DataSource,
    private readonly reading: DataSource,
    private readonly writer: Writer,
    /** The committed state, for reading only: SQLite itself refuses a write here. */
    readonly read: Pick<Transaction, 'query'>,
  ) {}

  /** Opens the file, makes it if it is new, and brings its tables up to date. */
  static async open(file: string, entities: EntityTarget<ObjectLiteral>[]): Promise<Database> {
    mkdirSync(dirname(file), { recursive: true });
    const options = (prepare: (connection: Connection) => void): BetterSqlite3DataSourceOptions => ({
      type: 'better-sqlite3',
      database: file,
      entities: entities as never[],
      migrations: MIGRATIONS,
      migrationsTableName: 'migrations',
      timeout: 2000, // ms; waiting blocks the event loop, and nobody else has business writing here
      prepareDatabase: prepare,
    });
    const writing = new DataSource(
      options((connection) => {
        connection.pragma('journal_mode = WAL');
        connection.pragma('synchronous = FULL');
        // Ids of events are random, and each changes a page of its own: most of those that change stay in memory, and
        // one that changes often is copied to its place once for many changes.
        connection.pragma('cache_size = -32000');
        connection.pragma('wal_autocheckpoint = 8000');
      }),
    );
    await writing.initialize();
    await writing.runMigrations({ transaction: 'each' });

    const reading = new DataSource(
      options((connection) => {
        connection.function('lower', { deterministic: true }, lower);
        connection.pragma('query_only = ON');
        connection.pragma('cache_size = -16000');
      }),
    );
    await reading.initialize();
    return new Database(writing, reading, new Writer(connectionOf(writing)), connectionOf(reading));
  }

  write<Input, Output>(command: WriteCommand<Input, Output>, input: Input): Promise<Output> {
    return this.writer.write(command, input);
  }

  /** A write that shares the next commit instead of asking for one: for what is in no hurry. */
  writeAlong<Input, Output>(command: WriteCommand<Input, Output>, input: Input): Promise<Output> {
    return this.writer.writeAlong(command, input);
  }

  /** Why nothing could be written the last time; null while that works. */
  get trouble(): string | null {
    return this.writer.trouble;
  }

  /** Rejects with what is wrong if the last transaction could not be had, and an empty one cannot be had now. */
  async assertWritable(): Promise<void> {
    if (this.writer.trouble !== null) await this.writer.write(nothing, undefined);
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
    await this.writer.close();
    await this.reading.destroy();
    await this.writing.destroy();
  }
}

/** In every script, as PostgreSQL has it; SQLite's own knows ASCII only. */
function lower(value: unknown): unknown {
  return typeof value === 'string' ? value.toLowerCase() : value;
}

/** The connection that TypeORM has opened and brought up to date. */
function connectionOf(dataSource: DataSource): SqliteConnection {
  return new SqliteConnection((dataSource.driver as BetterSqlite3Driver).databaseConnection);
}

const nothing: WriteCommand<undefined, undefined> = async (_tx, inputs) => inputs;
