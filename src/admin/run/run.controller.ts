import { Body, Controller, Get, Param, Post, Query, Req, Res, UseInterceptors } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { ProjectCatalogue } from '../../projects/project-catalogue';
import type { Run } from '../../runs/run';
import { RunPipe, runPaths } from '../../runs/run.pipe';
import { RunRepository } from '../../runs/run.repository';
import { RunsService } from '../../runs/runs.service';
import { RequestUser } from '../../http/request-user';
import type { Notice } from '../page/notice';
import { carryOut, leadTo, showDone } from '../page/form-answers';
import { PartView, SeeOther, View } from '../page/view';
import { ViewInterceptor } from '../page/view.interceptor';
import { RunAddressPipe } from './run-address.pipe';
import { givenIn, startFromForm, triggerRequest } from './run-form';
import { RunPages } from './run-pages';
import { RunPast } from './run-past';
import { RunWholePage } from './run-whole-page';

/** A run's page: its outcome, files, steps and log. */
@ApiExcludeController()
@Controller(runPaths())
@UseInterceptors(ViewInterceptor)
export class RunPageController {
  constructor(
    private readonly projects: ProjectCatalogue,
    private readonly runs: RunRepository,
    private readonly service: RunsService,
    private readonly pages: RunPages,
    private readonly pasts: RunPast,
    private readonly wholePage: RunWholePage,
  ) {}

  @Get()
  async page(
    @Param(RunAddressPipe) run: Run | View | SeeOther,
    @Query() query: Record<string, unknown>,
  ): Promise<View | SeeOther> {
    if (!('runId' in run)) return run;
    const href = await this.wholePage.hrefOfStep(run.runId, query);
    return href === null ? new View('run/page', await this.wholePage.of(run, query)) : new SeeOther(href);
  }

  @Get('state')
  async state(@Param(RunPipe) run: Run, @Query('order') order: unknown): Promise<PartView> {
    const model = await this.pages.state(run, { isLogFirst: order === 'log-first' });
    return new PartView('run/refresh', model, model.live);
  }

  @Get('past')
  async past(@Param(RunPipe) run: Run): Promise<PartView> {
    const past = await this.pasts.of(run);
    return new PartView('run/past', { past }, past.live);
  }

  /** Without JavaScript, a refused form is rendered at this address; a reload leads back to the page. */
  @Get(['stop', 'rerun', 'ask-again'])
  backToPage(@Param(RunPipe) { runId }: Run): SeeOther {
    return new SeeOther(`/runs/${runId}`);
  }

  @Post('stop')
  async stop(
    @Param(RunPipe) { runId }: Run,
    @RequestUser() user: string | null,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    await carryOut(
      request,
      response,
      async () => {
        await this.service.stop(runId, user ?? 'page');
        showDone(`/runs/${runId}`, request, response);
      },
      (notice) => this.showAgain(runId, notice, response),
    );
  }

  @Post('ask-again')
  async askAgain(
    @Param(RunPipe) { runId }: Run,
    @RequestUser() user: string | null,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    await carryOut(
      request,
      response,
      async () => {
        await this.service.askAgain(runId, user ?? 'page');
        showDone(`/runs/${runId}`, request, response);
      },
      (notice) => this.showAgain(runId, notice, response),
    );
  }

  @Post('rerun')
  async rerun(
    @Param(RunPipe) { runId, projectId }: Run,
    @Body() body: unknown,
    @RequestUser() name: string | null,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    await carryOut(
      request,
      response,
      async () => {
        const { definition } = this.projects.get(projectId);
        const asked = triggerRequest(definition, givenIn(body));
        const { run } = await startFromForm(definition, () => this.service.rerun(runId, asked, { name }));
        leadTo(`/runs/${run.runId}`, request, response);
      },
      (notice) => this.showAgain(runId, notice, response),
      () => ({}),
      // The re-run button has no fields. Invalid values are fixed in the project's form, filled from this run.
      `/projects/${projectId}?like=${runId}`,
    );
  }

  private async showAgain(runId: string, notice: Notice, response: Response): Promise<void> {
    const run = await this.runs.get(runId);
    response.render('run/page', { ...(await this.wholePage.of(run, {})), notice });
  }
}
