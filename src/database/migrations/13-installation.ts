import { type MigrationInterface, type QueryRunner, Table } from 'typeorm';

/** A name for this database, by which servers on one event stream tell whether they belong together. */
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

  /** Migrations only go forward: a step back would throw away what was accepted. */
  async down(): Promise<void> {
    throw new Error('Migrations only go forward. Restore a backup instead.');
  }
}
