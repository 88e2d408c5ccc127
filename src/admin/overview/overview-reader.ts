import { Injectable } from '@nestjs/common';
import { Quotas } from '../../quota/quotas';
import { LiveResults } from '../../results/live-results';
import { RunRepository } from '../../runs/run.repository';
import { RunsService } from '../../runs/runs.service';
import { Pauses } from '../../schedules/pauses';
import { type OverviewChoice, projectsOnPage, withTag } from './overview-page';
import type { ProjectFacts, ProjectState } from './project-row';
import { ProjectStates } from './project-states';

export interface OverviewFacts {
  /** Of all projects with the chosen tag, for the counts. */
  states: ProjectState[];
  /** Of the projects on the page. */
  facts: ProjectFacts[];
}

/** Collects the data of the overview. */
@Injectable()
export class OverviewReader {
  constructor(
    private readonly projectStates: ProjectStates,
    private readonly runs: RunRepository,
    private readonly service: RunsService,
    private readonly quotas: Quotas,
    private readonly results: LiveResults,
    private readonly pauses: Pauses,
  ) {}

  async read(choice: OverviewChoice): Promise<OverviewFacts> {
    const active = await this.runs.allActive();
    const [all, waiting] = await Promise.all([this.projectStates.read(active), this.service.waiting(active)]);
    const states = withTag(all, choice);
    const { shown } = projectsOnPage(states, choice);
    const limited = shown.filter(({ project }) => project.definition.quota);
    const quotas = await this.quotas.statuses(limited.map(({ project }) => project.definition.projectId));
    const results = await this.results.all();
    const liveOf = new Map(results.map((live) => [live.projectId, live]));
    const facts = await Promise.all(
      shown.map(async (state): Promise<ProjectFacts> => ({
        ...state,
        waiting: (state.run && waiting.get(state.run.runId)) ?? null,
        errorLine: await this.projectStates.errorLine(state),
        live: liveOf.get(state.project.definition.projectId) ?? null,
        trend: await this.projectStates.trend(state),
        quota: quotas.get(state.project.definition.projectId) ?? null,
        isPaused: this.pauses.ofProject(state.project.definition.projectId) !== null,
      })),
    );
    return { states, facts };
  }
}
