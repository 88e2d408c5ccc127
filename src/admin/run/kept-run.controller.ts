import { Controller, Get, Param, Post, Req, Res, UseInterceptors } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { ProjectCatalogue } from '../../projects/project-catalogue';
import { KeptRuns } from '../../retention/kept-runs';
import type { Run } from '../../runs/run';
import { RunPipe, runPaths } from '../../runs/run.pipe';
import { RunRepository } from '../../runs/run.repository';
import { carryOut, leadTo, showDone } from '../page/form-answers';
import { SeeOther } from '../page/view';
import { ViewInterceptor } from '../page/view.interceptor';
import { RunWholePage } from './run-whole-page';

/** The buttons of a run's page that keep or delete the run. */
@ApiExcludeController()
@Controller(runPaths())
@UseInterceptors(ViewInterceptor)
export class KeptRunPageController {
  constructor(
    private readonly kept: KeptRuns,
    private readonly projects: ProjectCatalogue,
    private readonly runs: RunRepository,
    private readonly wholePage: RunWholePage,
  ) {}

  /** Without JavaScript, a refused form is rendered at this address; a reload leads back to the page. */
  @Get(['pin', 'unpin', 'delete'])
  backToPage(@Param(RunPipe) { runId }: Run): SeeOther {
    return new SeeOther(`/runs/${runId}`);
  }

  @Post('pin')
  async pin(
    @Param(RunPipe) { runId }: Run,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    await this.answer(runId, request, response, async () => {
      await this.kept.pin(runId, true);
      showDone(`/runs/${runId}`, request, response);
    });
  }

  @Post('unpin')
  async unpin(
    @Param(RunPipe) { runId }: Run,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    await this.answer(runId, request, response, async () => {
      await this.kept.pin(runId, false);
      showDone(`/runs/${runId}`, request, response);
    });
  }

  @Post('delete')
  async delete(
    @Param(RunPipe) { runId }: Run,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    await this.answer(runId, request, response, async () => {
      const { projectId } = await this.kept.delete(runId);
      const hasPage = this.projects.find(projectId) !== null;
      leadTo(hasPage ? `/projects/${projectId}?done=run-deleted` : '/', request, response);
    });
  }

  private answer(
    runId: string,
    request: Request,
    response: Response,
    action: () => Promise<void>,
  ): Promise<void> {
    return carryOut(request, response, action, async (notice) => {
      const run = await this.runs.get(runId);
      response.render('run/page', { ...(await this.wholePage.of(run, {})), notice });
    });
  }
}
