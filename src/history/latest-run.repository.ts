import { setImmediate } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { Instant } from '../clock/clock';
import { Database } from '../database/database';
import type { Run, RunStatus } from '../runs/run';

/** Queries without a pause. A query blocks the event loop, so others get a turn after this many. */
const PORTION = 100;

/** Identifies the state of a run: the revision counts its changes. */
export interface RunHead {
  runId: string;
  projectId: string;
  revision: number;
}

/** The definition, inputs and watched files of a run. */
export type RunOrigin = Pick<Run, 'definitionHash' | 'runInputs' | 'watchedFiles'>;

/** The part of a run that a bar of the trend chart shows. */
export interface TrendRun {
  runId: string;
  number: number;
  status: RunStatus;
  startedAt: Instant;
  endedAt: Instant | null;
}

/**
 * Queries of the latest runs of many projects. Pages repeat them every few seconds, so they select columns and not
 * whole runs.
 */
@Injectable()
export class LatestRunRepository {
  constructor(private readonly database: Database) {}

  /** Returns the newest run of each project. */
  async heads(projectIds: string[]): Promise<RunHead[]> {
    const heads: RunHead[] = [];
    for (const [index, projectId] of projectIds.entries()) {
      if (index % PORTION === PORTION - 1) await setImmediate();
      const newest = await this.database.read.query<RunHead>(
        'SELECT run_id AS "runId", project_id AS "projectId", revision FROM runs' +
          ' WHERE project_id = ? ORDER BY run_id DESC LIMIT 1',
        [projectId],
      );
      heads.push(...newest);
    }
    return heads;
  }

  /** Returns the latest runs of a project, newest first. */
  trend(projectId: string, limit: number): Promise<TrendRun[]> {
    return this.database.read.query<TrendRun>(
      'SELECT run_id AS "runId", number, status, started_at AS "startedAt", ended_at AS "endedAt" FROM runs' +
        ' WHERE project_id = ? ORDER BY run_id DESC LIMIT ?',
      [projectId, limit],
    );
  }

  /** Returns the ids of all active runs, oldest first. */
  async active(): Promise<string[]> {
    const rows = await this.database.read.query<{ runId: string }>(
      'SELECT run_id AS "runId" FROM runs WHERE status = \'running\' ORDER BY run_id',
    );
    return rows.map(({ runId }) => runId);
  }

  /** Returns how many runs failed since then, also of projects that have recovered. */
  async failedSince(instant: Instant): Promise<number> {
    // The sign keeps SQLite from using the index of all failed runs.
    const [row] = await this.database.read.query<{ count: number }>(
      "SELECT COUNT(*) AS count FROM runs WHERE ended_at >= ? AND +status = 'failed'",
      [instant],
    );
    return Number(row?.count ?? 0);
  }

  /** Returns what the latest completed run with scope full was made from; null if there is none. */
  async lastWhole(projectId: string): Promise<RunOrigin | null> {
    const [row] = await this.database.read.query<RunOrigin>(
      'SELECT definition_hash AS "definitionHash", run_inputs AS "runInputs", watched_files AS "watchedFiles" FROM runs' +
        " WHERE project_id = ? AND status = 'completed' AND scope = 'full' ORDER BY run_id DESC LIMIT 1",
      [projectId],
    );
    return row ?? null;
  }
}
