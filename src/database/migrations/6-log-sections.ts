import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Where in a log each step begins. Older logs have no such list, and are read without it. */
export class LogSections1700000000006 implements MigrationInterface {
  name = 'LogSections1700000000006';

  async up(runner: QueryRunner): Promise<void> {
    // Not by addColumns: in SQLite it makes the table anew, which takes long where there are many runs.
    await runner.query('ALTER TABLE log_ends ADD COLUMN step_starts text');
  }

  /** Migrations only go forward: a step back would throw away what was accepted. */
  async down(): Promise<void> {
    throw new Error('Migrations only go forward. Restore a backup instead.');
  }
}
