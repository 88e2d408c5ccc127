import { Body, Controller, Get, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { ProjectCatalogue } from '../../projects/project-catalogue';
import { RunRepository } from '../../runs/run.repository';
import { RunsService } from '../../runs/runs.service';
import { logQuestion } from '../log/log-question';
import { LogReader } from '../log/log-reader';
import type { Notice } from '../page/notice';
import { carryOut, leadTo, showDone, textOrNull } from '../page/page-answer';
import { givenIn, triggerRequest } from './run-form';
import { RunPages } from './run-pages';

/**
 * The reload interval of an active run's page without JavaScript, on the reader's request only. An automatic reload
 * would interrupt slow readers (WCAG 2.2, technique F41).
 */
const REFRESH_SECONDS = 5;

/** A run's page: steps, progress, log and timeline. */
@ApiExcludeController()
@Controller('runs/:runId')
export class RunPageController {
  constructor(
    private readonly projects: ProjectCatalogue,
    private readonly runs: RunRepository,
    private readonly service: RunsService,
    private readonly logs: LogReader,
    private readonly pages: RunPages,
  ) {}

  @Get()
  async page(
    @Param('runId') runId: string,
    @Query() query: Record<string, unknown>,
    @Res() response: Response,
  ): Promise<void> {
    const step = textOrNull(query.step);
    const href = step === null ? null : await this.logs.hrefOfStep(runId, step);
    if (href === null) await this.renderPage(runId, query, null, response);
    else response.redirect(303, href);
  }

  @Get('state')
  async state(
    @Param('runId') runId: string,
    @Query('version') version: unknown,
    @Res() response: Response,
  ): Promise<void> {
    const run = await this.runs.get(runId);
    if ((await this.pages.version(run)) === version) response.status(204).end();
    else response.render('run/part', await this.pages.state(run));
  }

  @Get('past')
  async past(
    @Param('runId') runId: string,
    @Query('version') version: unknown,
    @Res() response: Response,
  ): Promise<void> {
    const run = await this.runs.get(runId);
    const stamp = await this.pages.pastStamp(run);
    if (stamp.version === version) response.status(204).end();
    else response.render('run/past', { past: await this.pages.past(run, stamp) });
  }

  /** Without JavaScript, a refused form is rendered at this address; a reload leads back to the page. */
  @Get(['stop', 'rerun', 'ask-again'])
  backToPage(@Param('runId') runId: string, @Res() response: Response): void {
    response.redirect(303, `/runs/${encodeURIComponent(runId)}`);
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
        await this.service.stop(runId, 'page');
        showDone(`/runs/${runId}`, request, response);
      },
      (notice) => this.renderPage(runId, {}, notice, response),
    );
  }

  @Post('ask-again')
  async askAgain(
    @Param('runId') runId: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    await carryOut(
      request,
      response,
      async () => {
        await this.service.askAgain(runId, 'page');
        showDone(`/runs/${runId}`, request, response);
      },
      (notice) => this.renderPage(runId, {}, notice, response),
    );
  }

  @Post('rerun')
  async rerun(
    @Param('runId') runId: string,
    @Body() body: unknown,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const { projectId } = await this.runs.get(runId);
    await carryOut(
      request,
      response,
      async () => {
        const asked = triggerRequest(this.projects.get(projectId).definition, givenIn(body));
        const { run } = await this.service.rerun(runId, asked, null);
        leadTo(`/runs/${run.runId}`, request, response);
      },
      (notice) => this.renderPage(runId, {}, notice, response),
      () => ({}),
      // The re-run button has no fields. Invalid values are fixed in the project's form, filled from this run.
      `/projects/${projectId}?like=${runId}`,
    );
  }

  private async renderPage(
    runId: string,
    query: Record<string, unknown>,
    notice: Notice | null,
    response: Response,
  ): Promise<void> {
    const run = await this.runs.get(runId);
    const [model, past] = await Promise.all([
      this.pages.state(run),
      this.pages.pastStamp(run).then((stamp) => this.pages.past(run, stamp)),
    ]);
    // Read after the run: if the run has ended, its log is then complete.
    const log = await this.logs.page(runId, logQuestion(query), model.run.isActive);
    const refreshSeconds = query.reload === 'on' && model.run.isActive ? REFRESH_SECONDS : null;
    response.render('run/page', { ...model, frame: { ...model.frame, refreshSeconds }, log, past, notice });
  }
}
