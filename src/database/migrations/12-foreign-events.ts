import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Adds the number of listed events of each run whose senders do not hold it. See event-listing.ts. */
export class ForeignEvents1700000000012 implements MigrationInterface {
  name = 'ForeignEvents1700000000012';

  async up(runner: QueryRunner): Promise<void> {
    // Plain SQL, because in SQLite addColumns copies the whole table.
    await runner.query('ALTER TABLE run_event_counts ADD COLUMN foreign_events integer NOT NULL DEFAULT 0');
  }

  /** Not supported: a downgrade would lose stored data. */
  async down(): Promise<void> {
    throw new Error('Migrations only go forward. Restore a backup instead.');
  }
}
