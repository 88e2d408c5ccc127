import { type MigrationInterface, type QueryRunner, Table } from 'typeorm';

/** Adds a record of deadlines by the clock of the machine, for a process that starts after the wall clock was set. */
export class RecordedDeadlines1700000000016 implements MigrationInterface {
  name = 'RecordedDeadlines1700000000016';

  async up(runner: QueryRunner): Promise<void> {
    await runner.createTable(
      new Table({
        name: 'recorded_deadlines',
        columns: [
          { name: 'id', type: 'integer', isPrimary: true },
          { name: 'record', type: 'text' },
        ],
      }),
    );
  }

  /** Not supported: a downgrade would lose stored data. */
  async down(): Promise<void> {
    throw new Error('Migrations only go forward. Restore a backup instead.');
  }
}
