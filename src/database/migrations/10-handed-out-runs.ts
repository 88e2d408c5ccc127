import { type MigrationInterface, type QueryRunner, TableIndex } from 'typeorm';

/** When the request of a run was published, and the ends that arrive after the end: see run-state.ts and run-past.ts. */
export class HandedOutRuns1700000000010 implements MigrationInterface {
  name = 'HandedOutRuns1700000000010';

  async up(runner: QueryRunner): Promise<void> {
    // Not by addColumns: in SQLite it copies the whole table.
    await runner.query('ALTER TABLE runs ADD COLUMN request_published_at text');
    // Of earlier requests the time is not known; those that left the outbox were published soon after the start.
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

  /** Migrations only go forward: a step back would throw away what was accepted. */
  async down(): Promise<void> {
    throw new Error('Migrations only go forward. Restore a backup instead.');
  }
}
