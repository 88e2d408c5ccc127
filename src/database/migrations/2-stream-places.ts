import { type MigrationInterface, type QueryRunner, Table, TableColumn } from 'typeorm';

/** Where on the stream things lie: what a volatile stream has lost is found by it, and published or applied again. */
export class StreamPlaces1700000000002 implements MigrationInterface {
  name = 'StreamPlaces1700000000002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.addColumn(
      'applied_events',
      new TableColumn({ name: 'entry_id', type: 'text', isNullable: true }),
    );
    await runner.createTable(
      new Table({
        name: 'published_requests',
        columns: [
          { name: 'run_id', type: 'text', isPrimary: true },
          { name: 'entry_id', type: 'text' },
        ],
      }),
    );
  }

  /** Migrations only go forward: a step back would throw away what was accepted. */
  async down(): Promise<void> {
    throw new Error('Migrations only go forward. Restore a backup instead.');
  }
}
