import { Body, Controller, Get, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { Clock } from '../clock/clock';
import { ProjectCatalogue } from '../projects/project-catalogue';
import { Quotas } from '../quota/quotas';
import { RunQueries } from '../runs/run-queries';
import { RunsService } from '../runs/runs.service';
import { LogWindows } from './log-window';
import type { Notice } from './notice';
import { carryOut, leadTo, showDone, textOrNull } from './page-answer';
import { PageFrames } from './page-frame';
import { givenIn, triggerRequest } from './run-form';
import { runPage, runVersion } from './run-page';
import { ALIKE_RUNS } from './summary-bar';

/**
 * Without JavaScript the page of a run at work reloads itself this often, once a reader has asked for it: a page that
 * does so by itself takes those away from where they are who read slowly (WCAG 2.2, technique F41).
 */
const REFRESH_SECONDS = 5;

/** A run's page: its steps, how far it is, its log. */
@ApiExcludeController()
@Controller('runs/:runId')
export class RunPageController {
  constructor(
    private readonly projects: ProjectCatalogue,
    private readonly queries: RunQueries,
    private readonly runs: RunsService,
    private readonly logs: LogWindows,
    private readonly clock: Clock,
    private readonly frames: PageFrames,
    private readonly quotas: Quotas,
  ) {}

  @Get()
  async page(
    @Param('runId') runId: string,
    @Query('to') to: unknown,
    @Query('reload') reload: unknown,
    @Res() response: Response,
  ): Promise<void> {
    await this.renderPage(runId, lineNumber(to), null, response, reload === 'on');
  }

  @Get('state')
  async state(
    @Param('runId') runId: string,
    @Query('version') version: unknown,
    @Res() response: Response,
  ): Promise<void> {
    const run = await this.queries.get(runId);
    const view = await this.queries.view(run);
    if (runVersion(run, view) === version) response.status(204).end();
    else response.render('part-run', await this.model(runId));
  }

  @Post('stop')
  async stop(
    @Param('runId') runId: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    await carryOut(
      request,
      response,
      async () => {
        await this.runs.stop(runId, 'page');
        showDone(`/runs/${runId}`, request, response);
      },
      (notice) => this.renderPage(runId, null, notice, response),
    );
  }

  @Post('rerun')
  async rerun(
    @Param('runId') runId: string,
    @Body() body: unknown,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const { projectId } = await this.queries.get(runId);
    await carryOut(
      request,
      response,
      async () => {
        const asked = triggerRequest(this.projects.get(projectId).definition, givenIn(body));
        const { run } = await this.runs.rerun(runId, asked, null);
        leadTo(`/runs/${run.runId}`, request, response);
      },
      (notice) => this.renderPage(runId, null, notice, response),
    );
  }

  private async renderPage(
    runId: string,
    to: number | null,
    notice: Notice | null,
    response: Response,
    isReloading = false,
  ): Promise<void> {
    const model = await this.model(runId);
    // Read after the run: the log of a run that has ended is then complete.
    const log = await this.logs.read(runId, to);
    const refreshSeconds = isReloading && model.run.isActive ? REFRESH_SECONDS : null;
    response.render('run', { ...model, frame: { ...model.frame, refreshSeconds }, log, notice });
  }

  private async model(runId: string) {
    const run = await this.queries.get(runId);
    const current = this.projects.find(run.projectId)?.definition ?? null;
    const [view, definition, alike, quota] = await Promise.all([
      this.queries.view(run),
      this.queries.definition(run.definitionHash),
      this.queries.list({ projectId: run.projectId, status: 'completed', scope: run.scope }, ALIKE_RUNS),
      current && this.quotas.statusOf(current),
    ]);
    const page = runPage({ run, view, definition, current, alike: alike.items, quota }, this.clock.now());
    return { frame: await this.frames.frame(`${page.projectName}, run`, '/'), run: page };
  }
}

function lineNumber(to: unknown): number | null {
  const text = textOrNull(to);
  return text !== null && /^[1-9]\d{0,14}$/.test(text) ? Number(text) : null;
}
