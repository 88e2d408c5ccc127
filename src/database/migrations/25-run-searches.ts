import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a run stores at most. */
const MAX_ENTRIES = 500;
const MAX_BYTES = 64 * 1024;
const RUNS_AT_ONCE = 500;

interface Ended {
  run_id: string;
  ended_at: string;
  /** JSON text; null without a list. */
  reported: string | null;
}

/**
 * Adds the searches without results and the calls of a run. Earlier runs get theirs from the reports that are still
 * stored. Only external workers could report searches.
 */
export class RunSearches1700000000025 implements MigrationInterface {
  name = 'RunSearches1700000000025';

  async up(runner: QueryRunner): Promise<void> {
    // Plain SQL, because addColumns copies the table.
    await runner.query('ALTER TABLE runs ADD COLUMN zero_results text');
    await runner.query('ALTER TABLE runs ADD COLUMN issued_calls integer');
    await runner.query(
      'UPDATE runs SET issued_calls = usage.calls FROM' +
        ' (SELECT run_id, SUM(used) AS calls FROM quota_usage GROUP BY run_id) AS usage' +
        ' WHERE usage.run_id = runs.run_id',
    );
    let after = '';
    for (;;) {
      const runs = (await runner.query(
        "SELECT run_id, ended_at, (SELECT json_extract(payload, '$.zeroResults') FROM applied_events" +
          " WHERE applied_events.run_id = runs.run_id AND event_type = 'run.completed' AND outcome = 'applied'" +
          ' AND json_valid(payload) LIMIT 1) AS reported' +
          " FROM runs WHERE executor = 'external' AND status IN ('completed', 'partial') AND run_id > ?" +
          ` ORDER BY run_id LIMIT ${RUNS_AT_ONCE}`,
        [after],
      )) as Ended[];
      for (const run of runs) {
        const kept = zeroResultsOf(run);
        if (kept) await runner.query('UPDATE runs SET zero_results = ? WHERE run_id = ?', [kept, run.run_id]);
      }
      if (runs.length < RUNS_AT_ONCE) return;
      after = runs.at(-1)!.run_id;
    }
  }

  /** Not supported: a downgrade would lose stored data. */
  async down(): Promise<void> {
    throw new Error('Migrations only go forward. Restore a backup instead.');
  }
}

/** Returns the list as JSON text; null if the run reported none, or one that is larger than a run stores. */
function zeroResultsOf({ reported, ended_at }: Ended): string | null {
  if (reported === null) return null;
  const list = JSON.parse(reported) as { queryText?: string; domain?: string; occurredAt?: string }[];
  const kept = list.flatMap(({ queryText, domain, occurredAt }) => {
    const at = Date.parse(occurredAt ?? '');
    return queryText === undefined || domain === undefined
      ? []
      : [{ queryText, domain, occurredAt: Number.isNaN(at) ? ended_at : new Date(at).toISOString() }];
  });
  const text = JSON.stringify(kept);
  return kept.length > MAX_ENTRIES || Buffer.byteLength(text) > MAX_BYTES ? null : text;
}
