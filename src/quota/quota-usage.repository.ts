import { Injectable } from '@nestjs/common';
import type { Instant } from '../clock/clock';
import { Database } from '../database/database';
import { inList, inPortions, placeholders } from '../database/table-rows';
import type { Transaction } from '../database/writer';
import { type AttemptUsage, type CallReport, NOTHING_USED, withCalls } from './attempt-usage';

/** Calls reported by an event. */
export interface ReportedCalls {
  runId: string;
  projectId: string;
  attempt: number;
  /** Best estimate of when they were issued. */
  at: Instant;
  report: CallReport;
}

/** The calls of a run on one quota day. They count until its end, even if the run is deleted. */
export interface RunUsage {
  runId: string;
  /** The number of the run within its project; null if the run was deleted. */
  number: number | null;
  used: number;
}

type Reader = Pick<Transaction, 'query'>;
const COLUMNS = 6;

/** Number of issued calls by project, quota day, run and attempt. */
@Injectable()
export class QuotaUsageRepository {
  constructor(private readonly database: Database) {}

  /**
   * Adds calls that are not counted yet, in the transaction that applies the events.
   * @returns the added calls of each run that reported, 0 included
   */
  async addCalls(
    tx: Transaction,
    reported: ReportedCalls[],
    dayOf: (at: Instant) => string,
  ): Promise<Map<string, number>> {
    const addedByRun = new Map<string, number>();
    if (reported.length === 0) return addedByRun;
    const attempts = await this.attemptsOf(tx, [...new Set(reported.map(({ runId }) => runId))]);
    const added = new Map<string, { row: unknown[]; usage: AttemptUsage }>();
    for (const { runId, projectId, attempt, at, report } of reported) {
      const before = attempts.get(keyOf(runId, attempt)) ?? NOTHING_USED;
      const after = withCalls(before, report);
      attempts.set(keyOf(runId, attempt), after);
      addedByRun.set(runId, (addedByRun.get(runId) ?? 0) + after.used - before.used);
      const day = dayOf(at);
      const key = `${keyOf(runId, attempt)} ${day}`;
      const { usage } = added.get(key) ?? { usage: NOTHING_USED };
      added.set(key, {
        row: [runId, attempt, day, projectId],
        usage: {
          used: usage.used + after.used - before.used,
          countedAhead: usage.countedAhead + after.countedAhead - before.countedAhead,
        },
      });
    }
    const rows = [...added.values()].filter(({ usage }) => usage.used !== 0 || usage.countedAhead !== 0);
    for (const portion of inPortions(rows, COLUMNS)) {
      await tx.query(
        'INSERT INTO quota_usage (run_id, attempt, quota_day, project_id, used, counted_ahead)' +
          ` VALUES ${placeholders(portion.length, COLUMNS)}` +
          ' ON CONFLICT (run_id, attempt, quota_day) DO UPDATE SET used = quota_usage.used + excluded.used,' +
          ' counted_ahead = quota_usage.counted_ahead + excluded.counted_ahead',
        portion.flatMap(({ row, usage }) => [...row, usage.used, usage.countedAhead]),
      );
    }
    return addedByRun;
  }

  /** Returns the calls of these projects on one quota day. */
  async usedBy(
    projectIds: string[],
    quotaDay: string,
    reader: Reader = this.database.read,
  ): Promise<Map<string, number>> {
    if (projectIds.length === 0) return new Map();
    const rows = await reader.query<{ project_id: string; used: number }>(
      'SELECT project_id, SUM(used) AS used FROM quota_usage' +
        ` WHERE quota_day = ? AND project_id IN ${inList(projectIds)} GROUP BY project_id`,
      [quotaDay, ...projectIds],
    );
    return new Map(rows.map(({ project_id, used }) => [project_id, Number(used)]));
  }

  /** Returns the runs of a project that issued calls on one quota day, newest first. */
  async runsOf(projectId: string, quotaDay: string): Promise<RunUsage[]> {
    return this.database.read.query<RunUsage>(
      'SELECT run_id AS "runId", used, runs.number FROM (SELECT run_id, SUM(used) AS used FROM quota_usage' +
        ' WHERE project_id = ? AND quota_day = ? GROUP BY run_id HAVING SUM(used) > 0) AS usage' +
        ' LEFT JOIN runs USING (run_id) ORDER BY run_id DESC',
      [projectId, quotaDay],
    );
  }

  /** Returns the calls of each of these runs. Omits runs without calls. */
  async usedByRuns(runIds: string[]): Promise<Map<string, number>> {
    if (runIds.length === 0) return new Map();
    const rows = await this.database.read.query<{ run_id: string; used: number }>(
      `SELECT run_id, SUM(used) AS used FROM quota_usage WHERE run_id IN ${inList(runIds)} GROUP BY run_id`,
      runIds,
    );
    return new Map(rows.map(({ run_id, used }) => [run_id, Number(used)]));
  }

  private async attemptsOf(tx: Transaction, runIds: string[]): Promise<Map<string, AttemptUsage>> {
    const rows = await tx.query<{ run_id: string; attempt: number; used: number; ahead: number }>(
      'SELECT run_id, attempt, SUM(used) AS used, SUM(counted_ahead) AS ahead FROM quota_usage' +
        ` WHERE run_id IN ${inList(runIds)} GROUP BY run_id, attempt`,
      runIds,
    );
    return new Map(
      rows.map(({ run_id, attempt, used, ahead }) => [
        keyOf(run_id, attempt),
        { used: Number(used), countedAhead: Number(ahead) },
      ]),
    );
  }
}

function keyOf(runId: string, attempt: number): string {
  return `${runId} ${attempt}`;
}
