import { Injectable } from '@nestjs/common';
import { ProjectCatalogue } from '../projects/project-catalogue';
import type { ReportingHabit } from '../runs/reporting-habits';
import { RunQueries } from '../runs/run-queries';
import { RunViews } from '../runs/run-views';
import { type PresentWorker, WorkerPresence } from '../runs/worker-presence';

export interface WorkerView extends PresentWorker {
  runIds: string[];
}

/** All known workers: those that are present, and those that hold runs. */
@Injectable()
export class WorkerList {
  constructor(
    private readonly presence: WorkerPresence,
    private readonly queries: RunQueries,
    private readonly views: RunViews,
    private readonly projects: ProjectCatalogue,
  ) {}

  async read(): Promise<WorkerView[]> {
    const held = await this.queries.heldRuns();
    const views = new Map<string, WorkerView>(
      this.presence.list().map((worker) => [worker.workerId, { ...worker, runIds: [] }]),
    );
    for (const { workerId, runId, lastHeardAt } of held) {
      const view = views.get(workerId) ?? unseen(workerId);
      if (lastHeardAt !== null && lastHeardAt > view.lastHeardAt) view.lastHeardAt = lastHeardAt;
      view.runIds.push(runId);
      views.set(workerId, view);
    }
    return [...views.values()];
  }

  /** Returns how the workers of each external project report, by project id. */
  reportingHabits(): Promise<Map<string, ReportingHabit>> {
    return this.views.reportingHabits(this.projects.externalProjectIds());
  }
}

/** A worker that holds a run and has not called this process yet. */
function unseen(workerId: string): WorkerView {
  return { workerId, kind: 'external', lastHeardAt: '', slots: null, runIds: [] };
}
