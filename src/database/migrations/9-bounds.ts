import { type MigrationInterface, type QueryRunner, Table } from 'typeorm';

const MAX_REJECTED = 10_000;
const MAX_REJECTED_BYTES = 64 * 1024 * 1024;

/**
 * Adds running totals for bounded data: rejected events, and the listed events of each run. Drops and counts rejected
 * events that exceed the bound.
 */
export class Bounds1700000000009 implements MigrationInterface {
  name = 'Bounds1700000000009';

  async up(runner: QueryRunner): Promise<void> {
    // Plain SQL, because addColumns copies the table.
    await runner.query('ALTER TABLE runs ADD COLUMN omitted text');
    await runner.query('ALTER TABLE rejected_events ADD COLUMN bytes integer NOT NULL DEFAULT 0');
    await runner.query('ALTER TABLE rejected_events ADD COLUMN received_bytes integer');
    await runner.query('UPDATE rejected_events SET bytes = OCTET_LENGTH(fields) + OCTET_LENGTH(reason)');
    await runner.createTable(
      new Table({
        name: 'rejected_totals',
        columns: [
          { name: 'id', type: 'integer', isPrimary: true },
          { name: 'events', type: 'integer' },
          { name: 'bytes', type: 'integer' },
          { name: 'dropped', type: 'integer' },
        ],
      }),
    );
    await runner.query(
      'INSERT INTO rejected_totals (id, events, bytes, dropped) SELECT 1, 0, 0, COUNT(*) FROM rejected_events',
    );
    await runner.query(
      'DELETE FROM rejected_events WHERE id IN (SELECT id FROM (SELECT id,' +
        ' ROW_NUMBER() OVER newest AS place, SUM(bytes) OVER newest AS size FROM rejected_events' +
        ` WINDOW newest AS (ORDER BY id DESC)) WHERE place > ${MAX_REJECTED} OR size > ${MAX_REJECTED_BYTES})`,
    );
    await runner.query(
      'UPDATE rejected_totals SET events = (SELECT COUNT(*) FROM rejected_events),' +
        ' bytes = (SELECT COALESCE(SUM(bytes), 0) FROM rejected_events),' +
        ' dropped = dropped - (SELECT COUNT(*) FROM rejected_events)',
    );
    await runner.createTable(
      new Table({
        name: 'run_event_counts',
        columns: [
          { name: 'run_id', type: 'text', isPrimary: true },
          { name: 'listed', type: 'integer' },
          { name: 'listed_bytes', type: 'integer' },
          { name: 'signs_of_life', type: 'integer' },
          { name: 'unlisted', type: 'integer' },
        ],
      }),
    );
    // Ended runs rarely receive further events, so their late events are counted from 0.
    await runner.query(
      'INSERT INTO run_event_counts (run_id, listed, listed_bytes, signs_of_life, unlisted)' +
        " SELECT run_id, SUM(event_type NOT IN ('run.heartbeat', 'run.log'))," +
        " SUM(CASE WHEN event_type NOT IN ('run.heartbeat', 'run.log') THEN OCTET_LENGTH(payload) ELSE 0 END)," +
        " SUM(event_type = 'run.heartbeat'), 0 FROM applied_events" +
        " WHERE run_id IN (SELECT run_id FROM runs WHERE status = 'running') GROUP BY run_id",
    );
  }

  /** Not supported: a downgrade would lose stored data. */
  async down(): Promise<void> {
    throw new Error('Migrations only go forward. Restore a backup instead.');
  }
}
