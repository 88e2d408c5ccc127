import { setImmediate } from 'node:timers/promises';
import { Controller, Get, Query, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Response } from 'express';
import { Clock } from '../../clock/clock';
import { InputFiles } from '../../inputs/input-files';
import { type KnownProject, ProjectCatalogue } from '../../projects/project-catalogue';
import { Quotas } from '../../quota/quotas';
import { ConfigProblems } from '../../history/config-problems';
import { LatestRunRepository } from '../../history/latest-run.repository';
import { ProjectChanges } from '../../history/project-changes';
import type { Run } from '../../runs/run';
import { RunRepository } from '../../runs/run.repository';
import { RunsService } from '../../runs/runs.service';
import {
  chosenPage,
  chosenTone,
  type OverviewChoice,
  overviewPage,
  type ProjectFacts,
  projectsOnPage,
  type ProjectState,
} from './overview-page';
import { PageFrames } from '../page/page-frame';
import { pageVersion, waitingKey } from '../page/page-version';
import { TREND_RUNS } from './trend';

/** The number of projects read without yielding to the event loop. */
const PORTION = 100;

/** The start page: every project with its state. */
@ApiExcludeController()
@Controller()
export class OverviewController {
  constructor(
    private readonly projects: ProjectCatalogue,
    private readonly runs: RunRepository,
    private readonly service: RunsService,
    private readonly latest: LatestRunRepository,
    private readonly changes: ProjectChanges,
    private readonly inputs: InputFiles,
    private readonly quotas: Quotas,
    private readonly configProblems: ConfigProblems,
    private readonly clock: Clock,
    private readonly frames: PageFrames,
  ) {}

  @Get()
  async page(
    @Query('state') state: unknown,
    @Query('page') page: unknown,
    @Res() response: Response,
  ): Promise<void> {
    const choice = { tone: chosenTone(state), page: chosenPage(page) };
    response.render('overview/page', await this.model(await this.facts(), choice));
  }

  @Get('state')
  async state(
    @Query('version') version: unknown,
    @Query('state') state: unknown,
    @Query('page') page: unknown,
    @Res() response: Response,
  ): Promise<void> {
    const facts = await this.facts();
    if (facts.version === version) {
      response.status(204).end();
      return;
    }
    const choice = { tone: chosenTone(state), page: chosenPage(page) };
    response.render('overview/part', await this.model(facts, choice));
  }

  /** Returns the count in the header, for pages that reload nothing else. */
  @Get('running')
  async running(@Query('version') shown: unknown, @Res() response: Response): Promise<void> {
    const running = await this.frames.running();
    if (running.runningVersion === shown) response.status(204).end();
    else response.render('shared/running-count', { frame: running });
  }

  /** Reads the facts that are cheap to get and that determine whether the page has changed. */
  private async facts() {
    const projects = this.projects
      .list()
      .sort((one, other) => one.definition.name.localeCompare(other.definition.name));
    const ids = projects.map(({ definition }) => definition.projectId);
    const keeping = projects.filter(({ definition }) => definition.quota);
    const [heads, active, quotas] = await Promise.all([
      this.latest.heads(ids),
      this.runs.allActive(),
      this.quotas.statuses(keeping.map(({ definition }) => definition.projectId)),
    ]);
    const waiting = await this.service.waiting(active);
    const problems = this.configProblems.shownProblems();
    const version = pageVersion([], heads, problems, this.inputs.current(), [
      projects.map(({ definitionHash }) => definitionHash),
      [...quotas],
      [...waiting.values()].map(waitingKey),
    ]);
    return { projects, active, waiting, quotas, problems, version };
  }

  private async model(
    {
      projects,
      active,
      waiting,
      quotas,
      problems,
      version,
    }: Awaited<ReturnType<OverviewController['facts']>>,
    choice: OverviewChoice,
  ) {
    const activeOf = new Map(active.map((run) => [run.projectId, run]));
    const states = await this.states(projects, activeOf);
    const { shown } = projectsOnPage(states, choice);
    const facts = await Promise.all(
      shown.map(async (state): Promise<ProjectFacts> => {
        const { projectId } = state.project.definition;
        return {
          ...state,
          waiting: (state.run && waiting.get(state.run.runId)) ?? null,
          trend: await this.latest.trend(projectId, TREND_RUNS),
          quota: quotas.get(projectId) ?? null,
        };
      }),
    );
    const overview = overviewPage(states, facts, problems, version, choice, this.clock.now());
    // Browser tabs show the title, so it changes with the state.
    const title = overview.headline === null ? 'Projects' : `${overview.headline} · Projects`;
    return { frame: await this.frames.frame(title, '/'), overview };
  }

  /** Database queries block the event loop, so the loop yields between groups of projects. */
  private async states(
    projects: KnownProject[],
    activeOf: ReadonlyMap<string, Run>,
  ): Promise<ProjectState[]> {
    const states: ProjectState[] = [];
    for (const [index, project] of projects.entries()) {
      if (index % PORTION === PORTION - 1) await setImmediate();
      const { projectId } = project.definition;
      const run = activeOf.get(projectId) ?? (await this.runs.current(projectId));
      states.push({ project, run, outdated: await this.changes.outdatedReason(project, run) });
    }
    return states;
  }
}
