import { type MigrationInterface, type QueryRunner, TableIndex } from 'typeorm';

/** Runs whose id names a later time than their start, and what is known of the clocks of workers. */
export class Clocks1700000000011 implements MigrationInterface {
  name = 'Clocks1700000000011';

  async up(runner: QueryRunner): Promise<void> {
    // Not by addColumns: in SQLite it copies the table, which takes long where there are many rows.
    await runner.query('ALTER TABLE runs ADD COLUMN id_is_ahead integer NOT NULL DEFAULT (0)');
    await runner.query('ALTER TABLE runs ADD COLUMN sender_clock text');
    await runner.createIndex(
      'runs',
      new TableIndex({
        name: 'runs_with_id_ahead',
        columnNames: ['run_id', 'started_at'],
        where: 'id_is_ahead = 1',
      }),
    );
  }

  /** Migrations only go forward: a step back would throw away what was accepted. */
  async down(): Promise<void> {
    throw new Error('Migrations only go forward. Restore a backup instead.');
  }
}
