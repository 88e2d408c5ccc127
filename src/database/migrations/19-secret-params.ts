import { type MigrationInterface, type QueryRunner, Table } from 'typeorm';

/** Adds the names of the secrets of a run, and the table of their encrypted values. */
export class SecretParams1700000000019 implements MigrationInterface {
  name = 'SecretParams1700000000019';

  async up(runner: QueryRunner): Promise<void> {
    // Plain SQL, because addColumns copies the table.
    await runner.query('ALTER TABLE runs ADD COLUMN secret_params text');
    await runner.createTable(
      new Table({
        name: 'run_secrets',
        columns: [
          { name: 'run_id', type: 'text', isPrimary: true },
          { name: 'sealed', type: 'text' },
        ],
      }),
    );
  }

  /** Not supported: a downgrade would lose stored data. */
  async down(): Promise<void> {
    throw new Error('Migrations only go forward. Restore a backup instead.');
  }
}
