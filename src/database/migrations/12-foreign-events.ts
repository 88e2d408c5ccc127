import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How many listed events of each run came from senders that do not hold it: see event-listing.ts. */
export class ForeignEvents1700000000012 implements MigrationInterface {
  name = 'ForeignEvents1700000000012';

  async up(runner: QueryRunner): Promise<void> {
    // Not by addColumns: in SQLite it copies the whole table.
    await runner.query('ALTER TABLE run_event_counts ADD COLUMN foreign_events integer NOT NULL DEFAULT 0');
  }

  /** Migrations only go forward: a step back would throw away what was accepted. */
  async down(): Promise<void> {
    throw new Error('Migrations only go forward. Restore a backup instead.');
  }
}
