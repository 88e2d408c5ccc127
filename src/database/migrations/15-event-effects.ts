import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What an event did, as columns. Before, `effect` held a sentence: `made known to workers` or `active → completed`. */
export class EventEffects1700000000015 implements MigrationInterface {
  name = 'EventEffects1700000000015';

  async up(runner: QueryRunner): Promise<void> {
    // One rewrite of the table, by DROP COLUMN at the end; TypeORM's addColumns would copy it for each column.
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

  /** Migrations only go forward: a step back would lose what was accepted. */
  async down(): Promise<void> {
    throw new Error('Migrations only go forward. Restore a backup instead.');
  }
}
