import { Injectable } from '@nestjs/common';
import { elapsedMs, type Instant } from '../clock/clock';
import { Database } from '../database/database';
import { median } from './median';

/** How the workers of an external project report, judged by its latest finished runs. */
export interface ReportingHabit {
  reports: 'at-start' | 'only-at-end' | 'unknown';
  /** Median milliseconds from start to end of runs reported only at the end; null if there are none. */
  typicalMs: number | null;
  /** The latest final report from a worker that had not claimed the run. */
  lastReport: { runId: string; at: Instant } | null;
}

export const UNKNOWN_HABIT: ReportingHabit = { reports: 'unknown', typicalMs: null, lastReport: null };

interface FinishedRun {
  runId: string;
  claimedAt: Instant | null;
  startedAt: Instant;
  endedAt: Instant;
}

const LOOK_AT_RUNS = 10;

/**
 * Returns how the workers report. Pure.
 * @param runs newest first
 */
export function habitOf(runs: FinishedRun[]): ReportingHabit {
  const [latest] = runs;
  if (!latest) return UNKNOWN_HABIT;
  const silent = runs.filter(({ claimedAt }) => claimedAt === null);
  const last = silent[0];
  return {
    reports: latest.claimedAt === null ? 'only-at-end' : 'at-start',
    typicalMs: last ? median(silent.map(({ startedAt, endedAt }) => elapsedMs(startedAt, endedAt))) : null,
    lastReport: last ? { runId: last.runId, at: last.endedAt } : null,
  };
}

/** Derives from past runs what it means that a run of an external project is not claimed. */
@Injectable()
export class ReportingHabits {
  constructor(private readonly database: Database) {}

  /** Returns the habits of external projects. Each project takes one index lookup. */
  async of(projectIds: Iterable<string>): Promise<Map<string, ReportingHabit>> {
    const ids = [...new Set(projectIds)];
    const habits = await Promise.all(ids.map(async (id) => habitOf(await this.finishedRuns(id))));
    return new Map(ids.map((id, index) => [id, habits[index]!]));
  }

  /** Returns completed and partial runs: only a worker can end a run with these statuses. */
  private finishedRuns(projectId: string): Promise<FinishedRun[]> {
    const latest = (status: 'completed' | 'partial') =>
      'SELECT run_id AS "runId", claimed_at AS "claimedAt", started_at AS "startedAt", ended_at AS "endedAt"' +
      ` FROM runs WHERE project_id = ? AND status = '${status}' ORDER BY run_id DESC LIMIT ${LOOK_AT_RUNS}`;
    return this.database.read.query<FinishedRun>(
      `SELECT * FROM (${latest('completed')}) AS completed_runs UNION ALL SELECT * FROM (${latest('partial')})` +
        ` AS partial_runs ORDER BY "runId" DESC LIMIT ${LOOK_AT_RUNS}`,
      [projectId, projectId],
    );
  }
}
