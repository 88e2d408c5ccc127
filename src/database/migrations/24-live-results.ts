import { type MigrationInterface, type QueryRunner, Table, TableIndex } from 'typeorm';

/** Adds what a run offered as the result of its project, the results that are kept, and which of them is live. */
export class LiveResults1700000000024 implements MigrationInterface {
  name = 'LiveResults1700000000024';

  async up(runner: QueryRunner): Promise<void> {
    // Plain SQL, because addColumns copies the table.
    await runner.query('ALTER TABLE runs ADD COLUMN current_result text');
    await runner.query('ALTER TABLE runs ADD COLUMN result text');
    await runner.createTable(
      new Table({
        name: 'results',
        columns: [
          {
            name: 'position',
            type: 'integer',
            isPrimary: true,
            isGenerated: true,
            generationStrategy: 'increment',
          },
          { name: 'run_id', type: 'text' },
          { name: 'project_id', type: 'text' },
          { name: 'number', type: 'integer' },
          { name: 'file', type: 'text' },
          { name: 'size', type: 'bigint' },
          { name: 'made_at', type: 'text' },
        ],
        indices: [
          new TableIndex({ name: 'results_by_run', columnNames: ['run_id'], isUnique: true }),
          new TableIndex({ name: 'results_of_project', columnNames: ['project_id', 'position'] }),
        ],
      }),
    );
    await runner.createTable(
      new Table({
        name: 'live_results',
        columns: [
          { name: 'project_id', type: 'text', isPrimary: true },
          { name: 'position', type: 'integer' },
          { name: 'since', type: 'text' },
          { name: 'chosen_by', type: 'text', isNullable: true },
        ],
      }),
    );
    await runner.createTable(
      new Table({
        name: 'foreign_pointers',
        columns: [
          { name: 'project_id', type: 'text', isPrimary: true },
          { name: 'target', type: 'text' },
          { name: 'seen_run_id', type: 'text' },
          { name: 'seen_number', type: 'integer' },
          { name: 'seen_status', type: 'text' },
          { name: 'seen_at', type: 'text' },
        ],
      }),
    );
  }

  /** Not supported: a downgrade would lose stored data. */
  async down(): Promise<void> {
    throw new Error('Migrations only go forward. Restore a backup instead.');
  }
}
