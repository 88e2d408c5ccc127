import { Body, Controller, Get, Param, Post, Query, Req, Res, UseInterceptors } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { ProjectCatalogue } from '../../projects/project-catalogue';
import { RunRepository } from '../../runs/run.repository';
import { ranSideBySide } from '../../runs/step-state';
import { RunsService } from '../../runs/runs.service';
import { logQuestion } from '../log/log-question';
import { LogReader } from '../log/log-reader';
import type { Notice } from '../page/notice';
import { carryOut, leadTo, showDone, textOrNull } from '../page/form-answers';
import { PartView, SeeOther, View } from '../page/view';
import { ViewInterceptor } from '../page/view.interceptor';
import { givenIn, startFromForm, triggerRequest } from './run-form';
import { RunPages } from './run-pages';
import { RunPast } from './run-past';

/**
 * The reload interval of an active run's page without JavaScript, on the reader's request only. An automatic reload
 * would interrupt slow readers (WCAG 2.2, technique F41).
 */
const REFRESH_SECONDS = 5;

/** A run's page: steps, progress, log and timeline. */
@ApiExcludeController()
@Controller('runs/:runId')
@UseInterceptors(ViewInterceptor)
export class RunPageController {
  constructor(
    private readonly projects: ProjectCatalogue,
    private readonly runs: RunRepository,
    private readonly service: RunsService,
    private readonly logs: LogReader,
    private readonly pages: RunPages,
    private readonly pasts: RunPast,
  ) {}

  @Get()
  async page(
    @Param('runId') runId: string,
    @Query() query: Record<string, unknown>,
  ): Promise<View | SeeOther> {
    const step = textOrNull(query.step);
    const stepAttempt = Number(textOrNull(query.stepAttempt) ?? Number.NaN) || null;
    const href = step === null ? null : await this.logs.hrefOfStep(runId, step, stepAttempt);
    return href === null ? new View('run/page', await this.wholePage(runId, query)) : new SeeOther(href);
  }

  @Get('state')
  async state(@Param('runId') runId: string): Promise<PartView> {
    const model = await this.pages.state(await this.runs.get(runId));
    return new PartView('run/refresh', model, model.live);
  }

  @Get('past')
  async past(@Param('runId') runId: string): Promise<PartView> {
    const past = await this.pasts.of(await this.runs.get(runId));
    return new PartView('run/past', { past }, past.live);
  }

  /** Without JavaScript, a refused form is rendered at this address; a reload leads back to the page. */
  @Get(['stop', 'rerun', 'ask-again'])
  backToPage(@Param('runId') runId: string): SeeOther {
    return new SeeOther(`/runs/${encodeURIComponent(runId)}`);
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
      (notice) => this.showAgain(runId, notice, response),
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
      (notice) => this.showAgain(runId, notice, response),
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
        const { definition } = this.projects.get(projectId);
        const asked = triggerRequest(definition, givenIn(body));
        const { run } = await startFromForm(definition, () => this.service.rerun(runId, asked, null));
        leadTo(`/runs/${run.runId}`, request, response);
      },
      (notice) => this.showAgain(runId, notice, response),
      () => ({}),
      // The re-run button has no fields. Invalid values are fixed in the project's form, filled from this run.
      `/projects/${projectId}?like=${runId}`,
    );
  }

  private async showAgain(runId: string, notice: Notice, response: Response): Promise<void> {
    response.render('run/page', { ...(await this.wholePage(runId, {})), notice });
  }

  private async wholePage(runId: string, query: Record<string, unknown>) {
    const run = await this.runs.get(runId);
    const [model, past] = await Promise.all([this.pages.state(run), this.pasts.of(run)]);
    // Read after the run: if the run has ended, its log is then complete.
    const log = await this.logs.page(runId, logQuestion(query), {
      isActive: model.run.isActive,
      isMixed: ranSideBySide(run.steps),
    });
    const refreshSeconds = query.reload === 'on' && model.run.isActive ? REFRESH_SECONDS : null;
    return { ...model, frame: { ...model.frame, refreshSeconds }, log, past };
  }
}
