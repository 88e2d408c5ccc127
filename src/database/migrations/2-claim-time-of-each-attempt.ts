import type { MigrationInterface, QueryRunner } from 'typeorm';

export class ClaimTimeOfEachAttempt1700000000002 implements MigrationInterface {
  name = 'ClaimTimeOfEachAttempt1700000000002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE runs ADD COLUMN claim_timeout_seconds float NOT NULL DEFAULT 0');
  }

  /** Migrations only go forward: a step back would throw away what was accepted. */
  async down(): Promise<void> {
    throw new Error('Migrations only go forward. Restore a backup instead.');
  }
}
