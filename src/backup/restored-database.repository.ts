import { randomBytes } from 'node:crypto';
import BetterSqlite3 from 'better-sqlite3';
import type { Instant } from '../clock/clock';
import { readOrigin } from '../database/read-origin';
import type { Answer } from '../notifications/answer';
import { ALL_PROJECTS } from '../schedules/pause';
import { BackupError } from './backup-error';

/**
 * Checks an extracted database, and makes it an installation of its own: the original may still be running, and share
 * a Redis with it.
 * @throws BackupError
 */
export function prepareRestoredDatabase(file: string, now: Instant): void {
  const connection = new BetterSqlite3(file);
  try {
    const check = connection.pragma('quick_check(1)', { simple: true });
    if (check !== 'ok') throw new BackupError(`The database in the backup is damaged: ${String(check)}`);
    const { origin, tables } = readOrigin(connection);
    if (origin !== 'ours')
      throw new BackupError('The database in the backup is not a database of this Jobato.');
    connection.transaction(() => {
      if (tables.includes('installation'))
        connection.prepare('UPDATE installation SET installation_id = ?').run(randomBytes(8).toString('hex'));
      // They are by the clock of another process.
      if (tables.includes('recorded_deadlines')) connection.exec('DELETE FROM recorded_deadlines');
      // Workers that execute what they read would execute a run that has ended, or that the original requested too.
      if (tables.includes('outbox')) connection.exec("DELETE FROM outbox WHERE event_type = 'run.requested'");
      if (tables.includes('schedules')) pauseSchedules(connection, now);
      if (tables.includes('notification_deliveries')) endPendingDeliveries(connection, now);
    })();
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    if (code?.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB')
      throw new BackupError(`The database in the backup is damaged: ${message}`, { cause: error });
    throw error;
  } finally {
    connection.close();
  }
}

/** The original may have started the runs that are due by now, and may start the next ones too. */
function pauseSchedules(connection: BetterSqlite3.Database, now: Instant): void {
  const isInForce = '(until IS NULL OR until > excluded.paused_at)';
  connection
    .prepare(
      "INSERT INTO pauses (scope, paused_at, paused_by, reason) VALUES (?, ?, 'restore', ?)" +
        ' ON CONFLICT (scope) DO UPDATE SET' +
        // As for any other pause, one that is in force keeps its beginning.
        ` paused_at = CASE WHEN ${isInForce} THEN paused_at ELSE excluded.paused_at END,` +
        ` reason = excluded.reason || CASE WHEN ${isInForce}` +
        " THEN ' It was paused before by ' || paused_by || COALESCE(': ' || reason, '') || '.' ELSE '' END," +
        ' paused_by = excluded.paused_by, until = NULL',
    )
    .run(ALL_PROJECTS, now, 'Restored from a backup. Resume when the original server is off for good.');
}

/** The original may have sent them. Each can be sent again on the page of notifications. */
function endPendingDeliveries(connection: BetterSqlite3.Database, now: Instant): void {
  const answer: Answer = { code: 'restored' };
  connection
    .prepare(
      "UPDATE notification_deliveries SET state = 'failed', answer = ?, ended_at = ? WHERE state = 'pending'",
    )
    .run(JSON.stringify(answer), now);
}
