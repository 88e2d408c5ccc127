/**
 * Tells whether this version may open a database, by its tables and the migrations that were run on it.
 * - `new`: it is empty
 * - `ours`: all migrations in it are known; newer ones are run on it
 * - `newer`: a later version has changed it, and this one would read or write its tables wrongly
 * - `foreign`: another program made it
 */
export type DatabaseOrigin = 'new' | 'ours' | 'newer' | 'foreign';

export function originOf(tables: string[], migrations: string[], known: string[]): DatabaseOrigin {
  const others = tables.filter((table) => table !== 'migrations' && !table.startsWith('sqlite_'));
  if (migrations.length === 0) return others.length === 0 ? 'new' : 'foreign';
  if (!migrations.includes(known[0]!)) return 'foreign';
  return migrations.every((name) => known.includes(name)) ? 'ours' : 'newer';
}
