import { type MigrationInterface, type QueryRunner, TableIndex } from 'typeorm';

/** Adds which runs have an id with a later time than their start, and data about the clocks of workers. */
export class Clocks1700000000011 implements MigrationInterface {
  name = 'Clocks1700000000011';

  async up(runner: QueryRunner): Promise<void> {
    // Plain SQL, because in SQLite addColumns copies the whole table, which takes long with many rows.
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

  /** Not supported: a downgrade would lose stored data. */
  async down(): Promise<void> {
    throw new Error('Migrations only go forward. Restore a backup instead.');
  }
}
