import { Injectable } from '@nestjs/common';
import { ProjectCatalogue } from '../projects/project-catalogue';
import type { ReportingHabit } from '../runs/reporting-habits';
import { RunRepository } from '../runs/run.repository';
import { RunsService } from '../runs/runs.service';
import { type PresentWorker, WorkerPresence } from '../presence/worker-presence';

export interface WorkerView extends PresentWorker {
  runIds: string[];
}

/** All known workers: those that are present, and those that hold runs. */
@Injectable()
export class WorkerList {
  constructor(
    private readonly presence: WorkerPresence,
    private readonly runs: RunRepository,
    private readonly service: RunsService,
    private readonly projects: ProjectCatalogue,
  ) {}

  async read(): Promise<WorkerView[]> {
    const held = await this.runs.heldRuns();
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
    return this.service.reportingHabits(this.projects.externalProjectIds());
  }
}

/** A worker that holds a run and has not called this process yet. */
function unseen(workerId: string): WorkerView {
  return { workerId, kind: 'external', lastHeardAt: '', slots: null, runIds: [] };
}
