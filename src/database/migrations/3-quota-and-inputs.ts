import { type MigrationInterface, type QueryRunner, Table, TableIndex } from 'typeorm';

export class QuotaAndInputs1700000000003 implements MigrationInterface {
  name = 'QuotaAndInputs1700000000003';

  async up(runner: QueryRunner): Promise<void> {
    await runner.createTable(
      new Table({
        name: 'quota_usage',
        columns: [
          { name: 'run_id', type: 'text', isPrimary: true },
          { name: 'attempt', type: 'integer', isPrimary: true },
          { name: 'quota_day', type: 'text', isPrimary: true },
          { name: 'project_id', type: 'text' },
          { name: 'used', type: 'integer' },
          { name: 'counted_ahead', type: 'integer' },
        ],
        indices: [
          new TableIndex({ name: 'quota_usage_by_project', columnNames: ['project_id', 'quota_day'] }),
        ],
      }),
    );
    // Not by addColumns: in SQLite it makes the table anew, which takes long where there are many runs.
    await runner.query('ALTER TABLE runs ADD COLUMN run_inputs text');
    await runner.query('ALTER TABLE runs ADD COLUMN quota text');
  }

  /** Migrations only go forward: a step back would throw away what was accepted. */
  async down(): Promise<void> {
    throw new Error('Migrations only go forward. Restore a backup instead.');
  }
}
