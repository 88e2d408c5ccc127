import { Injectable } from '@nestjs/common';
import { Clock } from '../../clock/clock';
import { problemText } from '../../config-files/file-problem';
import { HealthService } from '../../health/health.service';
import { ProjectCatalogue } from '../../projects/project-catalogue';
import { scopesOf } from '../../projects/scope';
import { Quotas } from '../../quota/quotas';
import { ConfigProblems } from '../../history/config-problems';
import { LatestRunRepository } from '../../history/latest-run.repository';
import { ProjectChanges } from '../../history/project-changes';
import type { Run } from '../../runs/run';
import { RunHistoryRepository } from '../../history/run-history.repository';
import { RunRepository } from '../../runs/run.repository';
import { RunsService } from '../../runs/runs.service';
import { historyFilter, type HistoryQuery } from './history-query';
import type { ProjectDetails, ProjectState } from './project-page';
import { ProjectPasts } from './project-pasts';
import { type RunPlan, runPlan } from './run-plan';

const HISTORY_ROWS = 20;

/** Collects the data of a project page. */
@Injectable()
export class ProjectReader {
  constructor(
    private readonly projects: ProjectCatalogue,
    private readonly runs: RunRepository,
    private readonly service: RunsService,
    private readonly history: RunHistoryRepository,
    private readonly latest: LatestRunRepository,
    private readonly changes: ProjectChanges,
    private readonly pasts: ProjectPasts,
    private readonly quotas: Quotas,
    private readonly configProblems: ConfigProblems,
    private readonly health: HealthService,
    private readonly clock: Clock,
  ) {}

  /** @throws JobatoError PROJECT_NOT_FOUND */
  async state(projectId: string, query: HistoryQuery): Promise<ProjectState> {
    const project = this.projects.get(projectId);
    const run = await this.runs.current(projectId);
    const [waiting, past, quota, active, outdated] = await Promise.all([
      run && this.service.waitingOf(run),
      this.pasts.past(projectId, run),
      this.quotas.statusOf(project.definition),
      this.latest.active(),
      this.changes.outdatedReason(project, run),
    ]);
    return {
      project,
      file: this.configProblems.pathOf(project),
      run,
      waiting,
      past,
      query,
      quota,
      notes: [
        ...this.configProblems.problemsOf(project).map((problem) => `${problemText(problem)}.`),
        ...(project.isOutdated ? ['The last valid version of the file stays in use.'] : []),
        ...this.configProblems.notes(project.definition),
      ],
      troubles: this.health.troubles(),
      active,
      outdated,
    };
  }

  async details({ project, run, query }: ProjectState): Promise<ProjectDetails> {
    const { projectId } = project.definition;
    const filter = historyFilter(projectId, query, this.clock.nowMs());
    const [page, counts, selected] = await Promise.all([
      this.history.page(filter, HISTORY_ROWS, query.place),
      this.pasts.countsOf(filter, run),
      query.run === null ? null : this.runOf(projectId, query.run),
    ]);
    return {
      page,
      counts,
      selected: selected && { run: selected, waiting: await this.service.waitingOf(selected) },
    };
  }

  /** Returns null if the run belongs to another project. */
  async runOf(projectId: string, runId: string): Promise<Run | null> {
    const run = await this.runs.find(runId);
    return run?.projectId === projectId ? run : null;
  }

  /** Also works for a project that is no longer configured. */
  latestRun(projectId: string): Promise<Run | null> {
    return this.runs.current(projectId);
  }

  /** Returns the plan of each scope, in the order of the drop-down. */
  plans({ project: { definition }, past, quota }: ProjectState): RunPlan[] {
    const facts = { definition, history: past.steps, quota, usualCalls: past.usualCalls };
    return scopesOf(definition).flatMap((scope) => runPlan(scope, facts) ?? []);
  }
}
