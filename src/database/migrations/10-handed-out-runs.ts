import { type MigrationInterface, type QueryRunner, TableIndex } from 'typeorm';

/**
 * Adds when the request of a run was published, and an index of events that arrive after the end of a run. See
 * run-state.ts and run-detail.repository.ts.
 */
export class HandedOutRuns1700000000010 implements MigrationInterface {
  name = 'HandedOutRuns1700000000010';

  async up(runner: QueryRunner): Promise<void> {
    // Plain SQL, because in SQLite addColumns copies the whole table.
    await runner.query('ALTER TABLE runs ADD COLUMN request_published_at text');
    // The publishing time of earlier requests is unknown. Requests that left the outbox were published soon after the
    // start of the run.
    await runner.query(
      "UPDATE runs SET request_published_at = started_at WHERE status = 'running' AND executor = 'external'" +
        ' AND claimed_at IS NULL AND NOT EXISTS' +
        " (SELECT 1 FROM outbox WHERE outbox.run_id = runs.run_id AND outbox.event_type = 'run.requested')",
    );
    await runner.createIndex(
      'applied_events',
      new TableIndex({
        name: 'late_events_by_run',
        columnNames: ['run_id', 'position'],
        where: "outcome = 'already-ended'",
      }),
    );
  }

  /** Not supported: a downgrade would lose stored data. */
  async down(): Promise<void> {
    throw new Error('Migrations only go forward. Restore a backup instead.');
  }
}
