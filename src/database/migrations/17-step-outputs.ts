import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Adds the outputs of steps. Steps side by side can be stopped at the same time, so a run has a list of stop reports. */
export class StepOutputs1700000000017 implements MigrationInterface {
  name = 'StepOutputs1700000000017';

  async up(runner: QueryRunner): Promise<void> {
    // Plain SQL, because in SQLite addColumns copies the whole table, which takes long with many rows.
    await runner.query('ALTER TABLE runs ADD COLUMN outputs text');
    await runner.query('ALTER TABLE runs ADD COLUMN earlier_outputs text');
    await runner.query(
      "UPDATE runs SET stop_report = '[' || stop_report || ']' WHERE stop_report IS NOT NULL",
    );
  }

  /** Not supported: a downgrade would lose stored data. */
  async down(): Promise<void> {
    throw new Error('Migrations only go forward. Restore a backup instead.');
  }
}
