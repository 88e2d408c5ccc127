import { type MigrationInterface, type QueryRunner, TableIndex } from 'typeorm';

/**
 * Lets the history of a project be filtered and counted in an index only. Widens two indexes and adds none: starting
 * or ending a run updates no additional index.
 */
export class RunHistory1700000000004 implements MigrationInterface {
  name = 'RunHistory1700000000004';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX runs_by_project');
    await runner.query('DROP INDEX runs_by_project_and_status');
    await runner.createIndices('runs', [
      new TableIndex({
        name: 'runs_of_project',
        columnNames: ['project_id', 'run_id', 'scope', 'triggered_by'],
      }),
      new TableIndex({
        name: 'runs_of_project_by_status',
        columnNames: ['project_id', 'status', 'run_id', 'scope', 'triggered_by'],
      }),
    ]);
  }

  /** Not supported: a downgrade would lose stored data. */
  async down(): Promise<void> {
    throw new Error('Migrations only go forward. Restore a backup instead.');
  }
}
