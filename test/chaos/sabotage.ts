import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import type { Folders } from '../support/jobato';

/** Protections that can be disabled, to show that the test notices. */
export const PROTECTIONS = ['unique-index', 'inbox', 'fencing', 'group-recreation'] as const;
export type Protection = (typeof PROTECTIONS)[number];

const PRELOAD = join(__dirname, 'without-protection.cjs');

/**
 * Returns variables for the processes. A preload changes the built code at load time; the product contains no
 * hooks.
 */
export function sabotageEnvironment(without: Protection | null): Record<string, string> {
  return without === null ? {} : { NODE_OPTIONS: `--require ${PRELOAD}`, CHAOS_WITHOUT: without };
}

export function sabotageDatabase({ dataDir }: Folders, without: Protection | null): void {
  const index = {
    'unique-index': 'one_running_run_per_project',
    inbox: 'applied_events_by_id',
  }[without as string];
  if (index === undefined) return;
  const database = new BetterSqlite3(join(dataDir, 'db', 'jobato.db'), { timeout: 10_000 });
  try {
    database.exec(`DROP INDEX ${index}`);
  } finally {
    database.close();
  }
}
