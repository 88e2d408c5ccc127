import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Adds the positions of the steps in a log. Older logs have none and are read without them. */
export class LogSections1700000000006 implements MigrationInterface {
  name = 'LogSections1700000000006';

  async up(runner: QueryRunner): Promise<void> {
    // Plain SQL, because in SQLite addColumns copies the whole table, which takes long with many runs.
    await runner.query('ALTER TABLE log_ends ADD COLUMN step_starts text');
  }

  /** Not supported: a downgrade would lose stored data. */
  async down(): Promise<void> {
    throw new Error('Migrations only go forward. Restore a backup instead.');
  }
}
