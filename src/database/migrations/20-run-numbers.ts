import { type MigrationInterface, type QueryRunner, Table } from 'typeorm';

/** Numbers the runs of each project by age, and adds who started and who stopped them. */
export class RunNumbers1700000000020 implements MigrationInterface {
  name = 'RunNumbers1700000000020';

  async up(runner: QueryRunner): Promise<void> {
    // Plain SQL, because addColumns copies the table.
    await runner.query('ALTER TABLE runs ADD COLUMN number integer NOT NULL DEFAULT 0');
    await runner.query('ALTER TABLE runs ADD COLUMN triggered_by_name text');
    await runner.query('ALTER TABLE runs ADD COLUMN cancel_requested_by text');
    await runner.query(
      'UPDATE runs SET number = numbered.number FROM' +
        ' (SELECT run_id, ROW_NUMBER() OVER (PARTITION BY project_id ORDER BY run_id) AS number FROM runs)' +
        ' AS numbered WHERE numbered.run_id = runs.run_id',
    );
    await runner.createTable(
      new Table({
        name: 'run_numbers',
        columns: [
          { name: 'project_id', type: 'text', isPrimary: true },
          { name: 'last_number', type: 'integer' },
        ],
      }),
    );
    await runner.query('INSERT INTO run_numbers SELECT project_id, COUNT(*) FROM runs GROUP BY project_id');
    await runner.query('CREATE UNIQUE INDEX runs_by_number ON runs (project_id, number)');
    await runner.query(
      'CREATE INDEX runs_by_starter ON runs (triggered_by_name, run_id) WHERE triggered_by_name IS NOT NULL',
    );
  }

  /** Not supported: a downgrade would lose stored data. */
  async down(): Promise<void> {
    throw new Error('Migrations only go forward. Restore a backup instead.');
  }
}
