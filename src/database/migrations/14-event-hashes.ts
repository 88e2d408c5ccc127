import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The inbox does not store some payloads completely. For such an event it now stores a hash of the payload. The hash shows
 * whether a second event with the same id has a different payload.
 */
export class EventHashes1700000000014 implements MigrationInterface {
  name = 'EventHashes1700000000014';

  async up(runner: QueryRunner): Promise<void> {
    // Plain SQL, because in SQLite addColumns copies the whole table.
    await runner.query('ALTER TABLE applied_events ADD COLUMN payload_hash text');
  }

  /** Not supported: a downgrade would lose stored data. */
  async down(): Promise<void> {
    throw new Error('Migrations only go forward. Restore a backup instead.');
  }
}
