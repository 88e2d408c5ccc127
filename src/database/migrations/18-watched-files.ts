import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Adds the fingerprint of the watched files at the start of a run. */
export class WatchedFiles1700000000018 implements MigrationInterface {
  name = 'WatchedFiles1700000000018';

  async up(runner: QueryRunner): Promise<void> {
    // Plain SQL, because addColumns copies the table.
    await runner.query('ALTER TABLE runs ADD COLUMN watched_files text');
  }

  /** Not supported: a downgrade would lose stored data. */
  async down(): Promise<void> {
    throw new Error('Migrations only go forward. Restore a backup instead.');
  }
}
