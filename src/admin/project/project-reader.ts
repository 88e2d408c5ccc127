import { Injectable } from '@nestjs/common';
import { ProjectCatalogue } from '../../projects/project-catalogue';
import { Quotas } from '../../quota/quotas';
import { CurrentRuns } from './current-runs';
import { HistoryReader } from './history-reader';
import type { HistoryQuery } from './history-query';
import type { ProjectDetails, ProjectState } from './project-page';
import { ProjectPasts } from './project-pasts';
import { ProjectWarnings } from './project-warnings';

/** Collects the data of a project page. */
@Injectable()
export class ProjectReader {
  constructor(
    private readonly projects: ProjectCatalogue,
    private readonly runs: CurrentRuns,
    private readonly pasts: ProjectPasts,
    private readonly history: HistoryReader,
    private readonly quotas: Quotas,
    private readonly warnings: ProjectWarnings,
  ) {}

  /** @throws JobatoError PROJECT_NOT_FOUND */
  async state(projectId: string, query: HistoryQuery): Promise<ProjectState> {
    const project = this.projects.get(projectId);
    const current = await this.runs.of(project);
    const [past, quota] = await Promise.all([
      this.pasts.past(projectId, current.run),
      this.quotas.statusOf(project.definition),
    ]);
    return { project, ...current, past, query, quota, ...this.warnings.of(project) };
  }

  async details({ project, run, query }: ProjectState): Promise<ProjectDetails> {
    const { projectId } = project.definition;
    const [history, selected] = await Promise.all([
      this.history.read(projectId, query, run),
      query.run === null ? null : this.runs.withWaiting(projectId, query.run),
    ]);
    return { ...history, selected };
  }
}
