import { type MigrationInterface, type QueryRunner, Table, TableIndex } from 'typeorm';

/** Incremental: databases of versions before this one have 0. */
const INCREMENTAL = 2;

/**
 * Adds pins, removed logs and artifacts of runs, deletions in progress, and the ids of deleted runs. Records whether the
 * database was created by a version that deletes old runs by default.
 */
export class Retention1700000000023 implements MigrationInterface {
  name = 'Retention1700000000023';

  async up(runner: QueryRunner): Promise<void> {
    // Plain SQL, because addColumns copies the table.
    await runner.query('ALTER TABLE runs ADD COLUMN pinned integer NOT NULL DEFAULT 0');
    await runner.query('ALTER TABLE runs ADD COLUMN logs_removed_at text');
    await runner.query('ALTER TABLE runs ADD COLUMN artifacts_removed_at text');
    await runner.query('CREATE INDEX runs_pinned ON runs (project_id, run_id) WHERE pinned = 1');
    await runner.query('CREATE INDEX runs_by_definition ON runs (definition_hash)');
    await runner.createTable(
      new Table({
        name: 'purges',
        columns: [
          {
            name: 'id',
            type: 'integer',
            isPrimary: true,
            isGenerated: true,
            generationStrategy: 'increment',
          },
          { name: 'run_id', type: 'text' },
          { name: 'part', type: 'text' },
          { name: 'project_id', type: 'text' },
          { name: 'definition_hash', type: 'text', isNullable: true },
        ],
        indices: [new TableIndex({ name: 'purges_by_run', columnNames: ['run_id', 'part'], isUnique: true })],
      }),
    );
    await runner.createTable(
      new Table({
        name: 'deleted_runs',
        columns: [
          { name: 'run_id', type: 'text', isPrimary: true },
          { name: 'deleted_at', type: 'text' },
        ],
        indices: [new TableIndex({ name: 'deleted_runs_by_age', columnNames: ['deleted_at'] })],
      }),
    );
    await runner.createTable(
      new Table({
        name: 'retention_state',
        columns: [
          { name: 'id', type: 'integer', isPrimary: true },
          { name: 'prunes_by_default', type: 'integer' },
          { name: 'trusted_at', type: 'text' },
          { name: 'last_pass', type: 'text', isNullable: true },
        ],
      }),
    );
    await runner.query(
      'INSERT INTO retention_state (id, prunes_by_default, trusted_at)' +
        ` SELECT 1, auto_vacuum = ${INCREMENTAL} AND NOT EXISTS (SELECT 1 FROM runs), ? FROM pragma_auto_vacuum`,
      [new Date().toISOString()],
    );
  }

  /** Not supported: a downgrade would lose stored data. */
  async down(): Promise<void> {
    throw new Error('Migrations only go forward. Restore a backup instead.');
  }
}
