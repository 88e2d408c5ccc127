import { type MigrationInterface, type QueryRunner, TableIndex } from 'typeorm';

/**
 * Adds the lease token of a run, with which a worker proves that it holds the current attempt. `lease_claim_id` is the
 * claim that returned the token, `lease_used_at` is its first use, and `past_leases` has the tokens of earlier attempts
 * as JSON.
 */
export class LeaseTokens1700000000008 implements MigrationInterface {
  name = 'LeaseTokens1700000000008';

  async up(runner: QueryRunner): Promise<void> {
    // Plain SQL, because in SQLite addColumns copies the whole table.
    for (const name of ['lease_token', 'lease_claim_id', 'lease_used_at', 'past_leases']) {
      await runner.query(`ALTER TABLE runs ADD COLUMN ${name} text`);
    }
    await runner.createIndex(
      'runs',
      new TableIndex({
        name: 'runs_by_claim',
        columnNames: ['lease_claim_id'],
        where: 'lease_claim_id IS NOT NULL',
      }),
    );
  }

  /** Not supported: a downgrade would lose stored data. */
  async down(): Promise<void> {
    throw new Error('Migrations only go forward. Restore a backup instead.');
  }
}
