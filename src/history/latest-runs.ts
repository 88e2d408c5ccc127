import { setImmediate } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { Instant } from '../clock/clock';
import { Database } from '../database/database';
import type { RunStatus } from '../runs/run';

/** How many projects are asked for without a pause: the database answers within the event loop. */
const PORTION = 100;

/** Of a run, what says whether anything is new: the revision counts its changes. */
export interface RunHead {
  runId: string;
  projectId: string;
  revision: number;
}

/** As much of a run as a bar in a small chart needs. */
export interface TrendRun {
  runId: string;
  status: RunStatus;
  startedAt: Instant;
  endedAt: Instant | null;
}

/** The latest runs of many projects at a time, by columns rather than as whole runs: this is asked every few seconds. */
@Injectable()
export class LatestRuns {
  constructor(private readonly database: Database) {}

  /** Those at work, and the newest of each project. Only these can change. */
  async heads(projectIds: string[]): Promise<RunHead[]> {
    const columns = 'SELECT run_id AS "runId", project_id AS "projectId", revision FROM runs';
    const { read } = this.database;
    const heads = await read.query<RunHead>(`${columns} WHERE status = 'running' ORDER BY run_id`);
    for (const [index, projectId] of projectIds.entries()) {
      if (index % PORTION === PORTION - 1) await setImmediate();
      const newest = `${columns} WHERE project_id = ? ORDER BY run_id DESC LIMIT 1`;
      heads.push(...(await read.query<RunHead>(newest, [projectId])));
    }
    return heads;
  }

  /** Newest first. */
  trend(projectId: string, limit: number): Promise<TrendRun[]> {
    return this.database.read.query<TrendRun>(
      'SELECT run_id AS "runId", status, started_at AS "startedAt", ended_at AS "endedAt" FROM runs' +
        ' WHERE project_id = ? ORDER BY run_id DESC LIMIT ?',
      [projectId, limit],
    );
  }

  /** Which runs are at work, in whatever project: oldest first. */
  async active(): Promise<string[]> {
    const rows = await this.database.read.query<{ runId: string }>(
      'SELECT run_id AS "runId" FROM runs WHERE status = \'running\' ORDER BY run_id',
    );
    return rows.map(({ runId }) => runId);
  }

  /** What a project last ran as a whole with, to its end; null if it never did. */
  async lastWhole(projectId: string): Promise<{ definitionHash: string; runInputs: string | null } | null> {
    const [row] = await this.database.read.query<{ definitionHash: string; runInputs: string | null }>(
      'SELECT definition_hash AS "definitionHash", run_inputs AS "runInputs" FROM runs' +
        " WHERE project_id = ? AND status = 'completed' AND scope = 'full' ORDER BY run_id DESC LIMIT 1",
      [projectId],
    );
    return row ?? null;
  }
}
