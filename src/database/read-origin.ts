import type BetterSqlite3 from 'better-sqlite3';
import { type DatabaseOrigin, originOf } from './database-origin';
import { MIGRATIONS } from './migrations/all';

/** All migrations that this version knows, in their order. */
export function knownMigrations(): string[] {
  return MIGRATIONS.map((Migration) => new Migration().name);
}

/** Reads where a database comes from, and which migrations were run on it. Changes nothing. */
export function readOrigin(connection: BetterSqlite3.Database): {
  origin: DatabaseOrigin;
  tables: string[];
  migrations: string[];
} {
  const tables = namesIn(connection, "SELECT name FROM sqlite_master WHERE type = 'table'");
  const migrations = tables.includes('migrations')
    ? namesIn(connection, 'SELECT name FROM migrations ORDER BY id')
    : [];
  return { origin: originOf(tables, migrations, knownMigrations()), tables, migrations };
}

function namesIn(connection: BetterSqlite3.Database, sql: string): string[] {
  return connection.prepare<[], string>(sql).pluck().all();
}
