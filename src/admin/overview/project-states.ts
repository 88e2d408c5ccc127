import { setImmediate } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { LatestRunRepository, type TrendRun } from '../../history/latest-run.repository';
import { ProjectChanges } from '../../history/project-changes';
import { ProjectCatalogue } from '../../projects/project-catalogue';
import type { Run } from '../../runs/run';
import { RunRepository } from '../../runs/run.repository';
import type { ProjectState } from './overview-page';
import { TREND_RUNS } from './trend';

/** The number of projects read without yielding to the event loop. */
const PORTION = 100;

/** Reads the states of all projects for the overview. */
@Injectable()
export class ProjectStates {
  constructor(
    private readonly projects: ProjectCatalogue,
    private readonly runs: RunRepository,
    private readonly latest: LatestRunRepository,
    private readonly changes: ProjectChanges,
  ) {}

  /** Returns the projects by name. */
  async read(active: Run[]): Promise<ProjectState[]> {
    const activeOf = new Map(active.map((run) => [run.projectId, run]));
    const projects = this.projects
      .list()
      .sort((one, other) => one.definition.name.localeCompare(other.definition.name));
    const states: ProjectState[] = [];
    for (const [index, project] of projects.entries()) {
      // Database queries block the event loop.
      if (index % PORTION === PORTION - 1) await setImmediate();
      const { projectId } = project.definition;
      const run = activeOf.get(projectId) ?? (await this.runs.current(projectId));
      states.push({ project, run, outdated: await this.changes.outdatedReason(project, run) });
    }
    return states;
  }

  /** Returns the latest runs of a project, newest first. */
  trend({ project }: ProjectState): Promise<TrendRun[]> {
    return this.latest.trend(project.definition.projectId, TREND_RUNS);
  }
}
