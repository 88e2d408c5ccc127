import { type MigrationInterface, type QueryRunner, Table } from 'typeorm';

/** Adds the list of signed-out sessions. */
export class EndedSessions1700000000007 implements MigrationInterface {
  name = 'EndedSessions1700000000007';

  async up(runner: QueryRunner): Promise<void> {
    await runner.createTable(
      new Table({
        name: 'ended_sessions',
        columns: [
          { name: 'session_id', type: 'text', isPrimary: true },
          { name: 'expires_at', type: 'text' },
        ],
      }),
    );
  }

  /** Not supported: a downgrade would lose stored data. */
  async down(): Promise<void> {
    throw new Error('Migrations only go forward. Restore a backup instead.');
  }
}
