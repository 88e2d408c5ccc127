import { setImmediate } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { LatestRunRepository, type RunHead, type TrendRun } from '../../history/latest-run.repository';
import { UpToDateCheck } from '../../history/up-to-date-check';
import { ProjectCatalogue } from '../../projects/project-catalogue';
import type { Run } from '../../runs/run';
import { RunRepository } from '../../runs/run.repository';
import { RunEnds } from '../run/run-ends';
import { Remembered } from '../page/remembered';
import type { ProjectState } from './project-row';
import { TREND_RUNS } from './trend';

/** The number of projects read without yielding to the event loop. */
const PORTION = 100;
/** Above it, the latest runs of some projects are read at each poll. */
const KEPT_BYTES = 32 * 1024 * 1024;
const KEPT_TRENDS = 1000;

/**
 * Reads the states of all projects for the overview. Open pages request them every few seconds, so the latest run of a
 * project is read again only if its revision has changed.
 */
@Injectable()
export class ProjectStates {
  private readonly latestRuns = new LRUCache<string, Run>({
    maxSize: KEPT_BYTES,
    sizeCalculation: (run) => JSON.stringify(run).length,
  });
  private readonly trends = new Remembered<TrendRun[]>(KEPT_TRENDS);

  constructor(
    private readonly projects: ProjectCatalogue,
    private readonly runs: RunRepository,
    private readonly latest: LatestRunRepository,
    private readonly upToDate: UpToDateCheck,
    private readonly ends: RunEnds,
  ) {}

  /** Returns the projects by name. */
  async read(active: Run[]): Promise<ProjectState[]> {
    const projects = this.projects
      .list()
      .sort((one, other) => one.definition.name.localeCompare(other.definition.name));
    const activeOf = new Map(active.map((run) => [run.projectId, run]));
    const heads = await this.latest.heads(projects.map(({ definition }) => definition.projectId));
    const headOf = new Map(heads.map((head) => [head.projectId, head]));
    const states: ProjectState[] = [];
    for (const [index, project] of projects.entries()) {
      // Database queries block the event loop.
      if (index % PORTION === PORTION - 1) await setImmediate();
      const { projectId } = project.definition;
      const head = headOf.get(projectId);
      const run = activeOf.get(projectId) ?? (head === undefined ? null : await this.latestRun(head));
      states.push({ project, run, outdated: await this.upToDate.reasonFor(project, run) });
    }
    return states;
  }

  /** Returns the latest runs of a project, newest first. */
  trend({ project, run }: ProjectState): Promise<TrendRun[]> {
    const { projectId } = project.definition;
    const stamp = run === null ? 'none' : `${run.runId} ${run.status}`;
    return this.trends.get(projectId, stamp, () => this.latest.trend(projectId, TREND_RUNS));
  }

  /** Returns the last error line of the log; null unless a step failed. */
  async errorLine({ run }: ProjectState): Promise<string | null> {
    if (run?.status !== 'failed') return null;
    return (await this.ends.errorLines(run)).at(-1) ?? null;
  }

  private async latestRun({ projectId, runId, revision }: RunHead): Promise<Run | null> {
    const known = this.latestRuns.get(projectId);
    if (known?.runId === runId && known.revision === revision) return known;
    const run = await this.runs.current(projectId);
    if (run !== null) this.latestRuns.set(projectId, run); // it may be a newer one than `runId`
    return run;
  }
}
