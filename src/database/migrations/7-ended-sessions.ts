import { type MigrationInterface, type QueryRunner, Table } from 'typeorm';

/** Sessions that were signed out of. */
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

  /** Migrations only go forward: a step back would throw away what was accepted. */
  async down(): Promise<void> {
    throw new Error('Migrations only go forward. Restore a backup instead.');
  }
}
