import { Injectable } from '@nestjs/common';
import { inList } from '../database/table-rows';
import type { Transaction } from '../database/writer';
import type { Run } from './run';

/** The counters of runs, one for each project. */
@Injectable()
export class RunNumberRepository {
  /** Sets the number of each run to the next one of its project. No two of the runs belong to the same project. */
  async assign(tx: Transaction, runs: Run[]): Promise<void> {
    if (runs.length === 0) return;
    const projectIds = runs.map(({ projectId }) => projectId);
    const rows = await tx.query<{ project_id: string; last_number: number }>(
      `SELECT project_id, last_number FROM run_numbers WHERE project_id IN ${inList(projectIds)}`,
      projectIds,
    );
    const last = new Map(rows.map(({ project_id, last_number }) => [project_id, last_number]));
    for (const run of runs) run.number = (last.get(run.projectId) ?? 0) + 1;
  }

  /** Stores the numbers of runs that were inserted. */
  async store(tx: Transaction, runs: Run[]): Promise<void> {
    await tx.each(
      'INSERT INTO run_numbers (project_id, last_number) VALUES (?, ?)' +
        ' ON CONFLICT (project_id) DO UPDATE SET last_number = excluded.last_number',
      runs.map(({ projectId, number }) => [projectId, number]),
    );
  }
}
