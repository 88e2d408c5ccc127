import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The hash of an event's payload where the inbox does not store it whole, so that a reused id is noticed. */
export class EventHashes1700000000014 implements MigrationInterface {
  name = 'EventHashes1700000000014';

  async up(runner: QueryRunner): Promise<void> {
    // Not by addColumns, which copies the table.
    await runner.query('ALTER TABLE applied_events ADD COLUMN payload_hash text');
  }

  /** Migrations only go forward: a step back would throw away what was accepted. */
  async down(): Promise<void> {
    throw new Error('Migrations only go forward. Restore a backup instead.');
  }
}
