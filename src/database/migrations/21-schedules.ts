import { type MigrationInterface, type QueryRunner, Table, TableIndex } from 'typeorm';

const text = (name: string) => ({ name, type: 'text' });
const nullable = (name: string) => ({ name, type: 'text', isNullable: true });
const key = (name: string) => ({ name, type: 'text', isPrimary: true });

/** Adds schedules, the records of their due times, and pauses. */
export class Schedules1700000000021 implements MigrationInterface {
  name = 'Schedules1700000000021';

  async up(runner: QueryRunner): Promise<void> {
    await runner.createTable(
      new Table({
        name: 'schedule_records',
        columns: [
          key('project_id'),
          key('schedule'),
          key('due_at'),
          text('outcome'),
          nullable('run_id'),
          nullable('reason'),
          nullable('detail'),
          nullable('until'),
          { name: 'count', type: 'integer' },
          text('recorded_at'),
        ],
        indices: [
          new TableIndex({ name: 'schedule_records_of_project', columnNames: ['project_id', 'due_at'] }),
          new TableIndex({
            name: 'schedule_records_by_outcome',
            columnNames: ['project_id', 'schedule', 'outcome', 'due_at'],
          }),
          new TableIndex({ name: 'schedule_records_by_time', columnNames: ['due_at'] }),
          new TableIndex({
            name: 'schedule_records_by_run',
            columnNames: ['run_id'],
            where: 'run_id IS NOT NULL',
          }),
          new TableIndex({
            name: 'schedule_records_not_started',
            columnNames: ['project_id', 'due_at', 'schedule'],
            where: "outcome <> 'started'",
          }),
        ],
      }),
    );
    await runner.createTable(
      new Table({
        name: 'schedules',
        columns: [
          key('project_id'),
          key('schedule'),
          text('cron'),
          text('time_zone'),
          text('recorded_until'),
          nullable('file'),
          nullable('last_due_at'),
        ],
      }),
    );
    await runner.createTable(
      new Table({
        name: 'pauses',
        columns: [key('scope'), text('paused_at'), text('paused_by'), nullable('reason'), nullable('until')],
      }),
    );
  }

  /** Not supported: a downgrade would lose stored data. */
  async down(): Promise<void> {
    throw new Error('Migrations only go forward. Restore a backup instead.');
  }
}
