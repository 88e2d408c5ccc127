import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Adds the payload hash for events whose payload the inbox does not store completely, to detect a reused event id. */
export class EventHashes1700000000014 implements MigrationInterface {
  name = 'EventHashes1700000000014';

  async up(runner: QueryRunner): Promise<void> {
    // Plain SQL, because addColumns copies the table.
    await runner.query('ALTER TABLE applied_events ADD COLUMN payload_hash text');
  }

  /** Not supported: a downgrade would lose stored data. */
  async down(): Promise<void> {
    throw new Error('Migrations only go forward. Restore a backup instead.');
  }
}
