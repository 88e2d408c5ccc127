import { type MigrationInterface, type QueryRunner, Table, TableColumn } from 'typeorm';

/**
 * Adds stream entry ids. They show which entries a volatile stream has lost, so that those are published or applied
 * again.
 */
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

  /** Not supported: a downgrade would lose stored data. */
  async down(): Promise<void> {
    throw new Error('Migrations only go forward. Restore a backup instead.');
  }
}
