import { Controller, Get, Query, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Response } from 'express';
import { Clock } from '../clock/clock';
import { type KnownProject, ProjectCatalogue } from '../projects/project-catalogue';
import { ConfigRemarks } from '../runs/config-remarks';
import { RunQueries } from '../runs/run-queries';
import { overviewPage, type ProjectRuns, TREND_RUNS } from './overview-page';
import { PageFrames } from './page-frame';

/** The first page: every project, and how it does. */
@ApiExcludeController()
@Controller()
export class OverviewController {
  constructor(
    private readonly projects: ProjectCatalogue,
    private readonly queries: RunQueries,
    private readonly remarks: ConfigRemarks,
    private readonly clock: Clock,
    private readonly frames: PageFrames,
  ) {}

  @Get()
  async page(@Res() response: Response): Promise<void> {
    response.render('overview', await this.model());
  }

  @Get('state')
  async state(@Query('version') version: unknown, @Res() response: Response): Promise<void> {
    const model = await this.model();
    if (model.overview.version === version) response.status(204).end();
    else response.render('part-overview', model);
  }

  private async model() {
    const projects = await Promise.all(this.projects.list().map((project) => this.runsOf(project)));
    const overview = overviewPage(projects, this.remarks.problems(), this.clock.now());
    return { frame: await this.frames.frame('Projects', '/'), overview };
  }

  private async runsOf(project: KnownProject): Promise<ProjectRuns> {
    const { items: runs } = await this.queries.list({ projectId: project.definition.projectId }, TREND_RUNS);
    return { project, runs, view: runs[0] ? await this.queries.view(runs[0]) : null };
  }
}
