import { Controller, Get, Query, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Response } from 'express';
import { Clock } from '../../clock/clock';
import { InputFiles } from '../../inputs/input-files';
import { type KnownProject, ProjectCatalogue } from '../../projects/project-catalogue';
import { type QuotaStatus, Quotas } from '../../quota/quotas';
import { ConfigRemarks } from '../../runs/config-remarks';
import { LatestRuns } from '../../runs/latest-runs';
import { ProjectChanges } from '../../runs/project-changes';
import { RunQueries } from '../../runs/run-queries';
import { chosenTone, overviewPage, type ProjectFacts } from './overview-page';
import { PageFrames } from '../page/page-frame';
import { pageVersion, waitingKey } from '../page/page-version';
import type { ProjectTone } from '../words/status-mark';
import { TREND_RUNS } from './trend';

/** The first page: every project, and how it does. */
@ApiExcludeController()
@Controller()
export class OverviewController {
  constructor(
    private readonly projects: ProjectCatalogue,
    private readonly queries: RunQueries,
    private readonly latest: LatestRuns,
    private readonly changes: ProjectChanges,
    private readonly inputs: InputFiles,
    private readonly quotas: Quotas,
    private readonly remarks: ConfigRemarks,
    private readonly clock: Clock,
    private readonly frames: PageFrames,
  ) {}

  @Get()
  async page(@Query('state') state: unknown, @Res() response: Response): Promise<void> {
    response.render('overview', await this.model(await this.facts(), chosenTone(state)));
  }

  @Get('state')
  async state(
    @Query('version') version: unknown,
    @Query('state') state: unknown,
    @Res() response: Response,
  ): Promise<void> {
    const facts = await this.facts();
    if (facts.version === version) response.status(204).end();
    else response.render('part-overview', await this.model(facts, chosenTone(state)));
  }

  /** The count in the header, for pages that have nothing else to read again. */
  @Get('running')
  async running(@Query('version') shown: unknown, @Res() response: Response): Promise<void> {
    const running = await this.frames.running();
    if (running.runningVersion === shown) response.status(204).end();
    else response.render('part-running', { frame: running });
  }

  /** What costs little to know, and all that the page depends on. */
  private async facts() {
    const projects = this.projects
      .list()
      .sort((one, other) => one.definition.name.localeCompare(other.definition.name));
    const ids = projects.map(({ definition }) => definition.projectId);
    const keeping = projects.filter(({ definition }) => definition.quota);
    const [heads, active, quotas] = await Promise.all([
      this.latest.heads(ids),
      this.queries.allActive(),
      this.quotas.statuses(keeping.map(({ definition }) => definition.projectId)),
    ]);
    const views = new Map((await this.queries.views(active)).map((view) => [view.projectId, view]));
    const problems = this.remarks.problems();
    const version = pageVersion([], heads, problems, this.inputs.current(), [
      projects.map(({ definitionHash }) => definitionHash),
      [...quotas],
      [...views.values()].map(waitingKey),
    ]);
    return { projects, active, views, quotas, problems, version };
  }

  private async model(
    { projects, active, views, quotas, problems, version }: Awaited<ReturnType<OverviewController['facts']>>,
    chosen: ProjectTone | null,
  ) {
    const activeOf = new Map(active.map((run) => [run.projectId, run]));
    const factsOf = async (project: KnownProject): Promise<ProjectFacts> => {
      const { projectId } = project.definition;
      const [run, trend] = await Promise.all([
        activeOf.get(projectId) ?? this.queries.current(projectId),
        this.latest.trend(projectId, TREND_RUNS),
      ]);
      const change = await this.changes.since(project, run);
      const quota: QuotaStatus | null = quotas.get(projectId) ?? null;
      return { project, run, view: views.get(projectId) ?? null, trend, change, quota };
    };
    const rows = await Promise.all(projects.map(factsOf));
    const overview = overviewPage(rows, problems, version, chosen, this.clock.now());
    // Seen in the row of tabs, and changed with the state.
    const title = overview.headline === null ? 'Projects' : `${overview.headline} · Projects`;
    return { frame: await this.frames.frame(title, '/'), overview };
  }
}
