import { Injectable } from '@nestjs/common';
import type { Instant } from '../clock/clock';
import { Database } from '../database/database';
import type { Transaction } from '../database/writer';
import type { Run } from '../runs/run';
import type { SinceSuccess } from './run-notices';

/** When a project last succeeded, and when it first ran. */
export interface ProjectPast {
  lastSuccessAt: Instant | null;
  firstStartAt: Instant | null;
}

/** The fields of an active run that its conditions depend on. */
export type ActiveRun = Pick<
  Run,
  | 'runId'
  | 'projectId'
  | 'scope'
  | 'attempt'
  | 'startedAt'
  | 'claimedAt'
  | 'cancelRequestedAt'
  | 'stopGraceSeconds'
>;

/** How the runs of a project ended, and which are active. */
@Injectable()
export class RunOutcomeRepository {
  constructor(private readonly database: Database) {}

  /** Returns how runs ended between the last completed run before `run` and `run`. */
  async sinceSuccess(
    tx: Transaction,
    { projectId, runId }: Pick<Run, 'projectId' | 'runId'>,
  ): Promise<SinceSuccess> {
    const latest = (status: string) =>
      `(SELECT MAX(run_id) FROM runs WHERE project_id = ? AND status = '${status}' AND run_id < ?)`;
    const [row] = await tx.query<Record<'completed' | 'partial' | 'failed', string | null>>(
      `SELECT ${latest('completed')} AS completed, ${latest('partial')} AS partial, ${latest('failed')} AS failed`,
      [projectId, runId, projectId, runId, projectId, runId],
    );
    const { completed, partial, failed } = row!;
    const isLater = (id: string | null) => id !== null && id > (completed ?? '');
    return { hasFailed: isLater(failed), hasPartial: isLater(partial) };
  }

  /** Called every few seconds, so it selects columns and not whole runs. */
  activeRuns(): Promise<ActiveRun[]> {
    return this.database.read.query<ActiveRun>(
      'SELECT run_id AS "runId", project_id AS "projectId", scope, attempt, started_at AS "startedAt",' +
        ' claimed_at AS "claimedAt", cancel_requested_at AS "cancelRequestedAt",' +
        ' stop_grace_seconds AS "stopGraceSeconds" FROM runs WHERE status = \'running\'',
    );
  }

  async past(projectId: string): Promise<ProjectPast> {
    const [row] = await this.database.read.query<ProjectPast>(
      "SELECT (SELECT ended_at FROM runs WHERE project_id = ? AND status = 'completed' ORDER BY run_id DESC LIMIT 1)" +
        ' AS "lastSuccessAt",' +
        ' (SELECT started_at FROM runs WHERE project_id = ? ORDER BY run_id LIMIT 1) AS "firstStartAt"',
      [projectId, projectId],
    );
    return row!;
  }
}
