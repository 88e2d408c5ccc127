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
    // Plain SQL, because in SQLite addColumns copies the whole table, which takes long with many runs.
    await runner.query('ALTER TABLE runs ADD COLUMN run_inputs text');
    await runner.query('ALTER TABLE runs ADD COLUMN quota text');
  }

  /** Not supported: a downgrade would lose stored data. */
  async down(): Promise<void> {
    throw new Error('Migrations only go forward. Restore a backup instead.');
  }
}
