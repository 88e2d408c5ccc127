import { type MigrationInterface, type QueryRunner, Table } from 'typeorm';

/** Adds an id for this database. Servers on one event stream use it to detect whether they share a database. */
export class Installation1700000000013 implements MigrationInterface {
  name = 'Installation1700000000013';

  async up(runner: QueryRunner): Promise<void> {
    await runner.createTable(
      new Table({
        name: 'installation',
        columns: [{ name: 'installation_id', type: 'text', isPrimary: true }],
      }),
    );
    await runner.query('INSERT INTO installation (installation_id) VALUES (LOWER(HEX(RANDOMBLOB(8))))');
  }

  /** Not supported: a downgrade would lose stored data. */
  async down(): Promise<void> {
    throw new Error('Migrations only go forward. Restore a backup instead.');
  }
}
