import BetterSqlite3 from 'better-sqlite3';
import type { ResultTable } from '../projects/project';

/**
 * Makes one file of a copied SQLite database, and checks its table. A program of its own: SQLite is synchronous, and a
 * foreign file can take it long, or crash it. Prints `fine`, `no-such-table` or the code of an error.
 */
function main([path, tableJson]: string[]): string {
  const table = JSON.parse(tableJson!) as ResultTable | null;
  const database = new BetterSqlite3(path);
  try {
    database.pragma('trusted_schema = OFF');
    database.pragma('journal_mode = DELETE');
    return table === null || hasTable(database, table) ? 'fine' : 'no-such-table';
  } finally {
    database.close();
  }
}

function hasTable(database: BetterSqlite3.Database, table: ResultTable): boolean {
  const quoted = `'${table.name.replaceAll("'", "''")}'`;
  const columns = (database.pragma(`table_xinfo(${quoted})`) as { name: string }[]).map(({ name }) => name);
  const used = [...(table.columns ?? []), table.newBy, table.title, table.link, table.sort?.column ?? null];
  return columns.length > 0 && used.every((column) => column === null || columns.includes(column));
}

let outcome: string;
try {
  outcome = main(process.argv.slice(2));
} catch (error) {
  outcome = (error as { code?: string }).code ?? 'UNKNOWN';
}
process.stdout.write(outcome);
