import { type MigrationInterface, type QueryRunner, Table, TableIndex } from 'typeorm';

/** Adds deliveries of notifications, conditions that last, and the state of channels. */
export class Notifications1700000000022 implements MigrationInterface {
  name = 'Notifications1700000000022';

  async up(runner: QueryRunner): Promise<void> {
    await runner.createTable(
      new Table({
        name: 'notification_deliveries',
        columns: [
          {
            name: 'position',
            type: 'integer',
            isPrimary: true,
            isGenerated: true,
            generationStrategy: 'increment',
          },
          { name: 'id', type: 'text' },
          { name: 'channel_id', type: 'text' },
          { name: 'kind', type: 'text' },
          { name: 'project_id', type: 'text', isNullable: true },
          { name: 'run_id', type: 'text', isNullable: true },
          { name: 'subject', type: 'text', isNullable: true },
          { name: 'facts', type: 'text' },
          { name: 'error_lines', type: 'text', isNullable: true },
          { name: 'created_at', type: 'text' },
          { name: 'state', type: 'text' },
          { name: 'attempts', type: 'integer' },
          { name: 'waited_ms', type: 'integer' },
          { name: 'due_at_ms', type: 'integer' },
          { name: 'tried_at', type: 'text', isNullable: true },
          { name: 'answer', type: 'text', isNullable: true },
          { name: 'ended_at', type: 'text', isNullable: true },
        ],
        indices: [
          { name: 'deliveries_by_id', columnNames: ['id'], isUnique: true },
          { name: 'deliveries_by_channel', columnNames: ['channel_id', 'position'] },
          { name: 'deliveries_by_end', columnNames: ['ended_at'] },
        ],
      }),
    );
    await runner.query(
      'CREATE INDEX pending_deliveries ON notification_deliveries (channel_id, due_at_ms, position)' +
        " WHERE state = 'pending'",
    );
    await runner.query(
      'CREATE INDEX deliveries_by_run ON notification_deliveries (run_id) WHERE run_id IS NOT NULL',
    );
    await runner.query(
      'CREATE INDEX deliveries_by_project ON notification_deliveries (project_id, position)' +
        ' WHERE project_id IS NOT NULL',
    );
    await runner.createTable(
      new Table({
        name: 'notification_conditions',
        columns: [
          { name: 'kind', type: 'text', isPrimary: true },
          { name: 'subject', type: 'text', isPrimary: true },
          { name: 'project_id', type: 'text' },
          { name: 'run_id', type: 'text', isNullable: true },
          { name: 'facts', type: 'text' },
          { name: 'told', type: 'text' },
        ],
      }),
    );
    await runner.createIndex(
      'notification_conditions',
      new TableIndex({ name: 'conditions_by_project', columnNames: ['project_id'] }),
    );
    await runner.query(
      'CREATE INDEX conditions_by_run ON notification_conditions (run_id) WHERE run_id IS NOT NULL',
    );
    await runner.createTable(
      new Table({
        name: 'notification_channels',
        columns: [
          { name: 'channel_id', type: 'text', isPrimary: true },
          { name: 'delivered_at', type: 'text', isNullable: true },
          { name: 'tried_at', type: 'text' },
          { name: 'answer', type: 'text' },
          { name: 'failures', type: 'integer' },
        ],
      }),
    );
  }

  /** Not supported: a downgrade would lose stored data. */
  async down(): Promise<void> {
    throw new Error('Migrations only go forward. Restore a backup instead.');
  }
}
