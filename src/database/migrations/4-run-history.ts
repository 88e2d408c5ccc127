import { type MigrationInterface, type QueryRunner, TableIndex } from 'typeorm';

/**
 * The history of a project is filtered and counted in the index alone. Two indexes become wider, and none is added:
 * a run that starts or ends writes to as many as before.
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

  /** Migrations only go forward: a step back would throw away what was accepted. */
  async down(): Promise<void> {
    throw new Error('Migrations only go forward. Restore a backup instead.');
  }
}
