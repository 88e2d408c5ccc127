import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Replaces the sentence in `effect` by columns. It contained `made known to workers` or `active → completed`. */
export class EventEffects1700000000015 implements MigrationInterface {
  name = 'EventEffects1700000000015';

  async up(runner: QueryRunner): Promise<void> {
    // Rewrites the table once, in DROP COLUMN. TypeORM's addColumns would copy it for each column.
    await runner.query("ALTER TABLE applied_events ADD COLUMN origin text NOT NULL DEFAULT 'worker'");
    await runner.query('ALTER TABLE applied_events ADD COLUMN from_phase text');
    await runner.query('ALTER TABLE applied_events ADD COLUMN to_phase text');
    await runner.query("UPDATE applied_events SET origin = 'server' WHERE effect = 'made known to workers'");
    await runner.query(
      "UPDATE applied_events SET from_phase = SUBSTR(effect, 1, INSTR(effect, ' → ') - 1)," +
        " to_phase = SUBSTR(effect, INSTR(effect, ' → ') + 3) WHERE effect LIKE '% → %'",
    );
    await runner.query('ALTER TABLE applied_events DROP COLUMN effect');
  }

  /** Not supported: a downgrade would lose stored data. */
  async down(): Promise<void> {
    throw new Error('Migrations only go forward. Restore a backup instead.');
  }
}
