/**
 * Whether this version may open a database, by its tables and the migrations that were run on it.
 * - `new`: the database is empty
 * - `ours`: all its migrations are known; newer ones will be run
 * - `newer`: a later version has changed it, and this one would read or write its tables incorrectly
 * - `foreign`: another program created it
 */
export type DatabaseOrigin = 'new' | 'ours' | 'newer' | 'foreign';

export function originOf(tables: string[], migrations: string[], known: string[]): DatabaseOrigin {
  const others = tables.filter((table) => table !== 'migrations' && !table.startsWith('sqlite_'));
  if (migrations.length === 0) return others.length === 0 ? 'new' : 'foreign';
  if (!migrations.includes(known[0]!)) return 'foreign';
  return migrations.every((name) => known.includes(name)) ? 'ours' : 'newer';
}
