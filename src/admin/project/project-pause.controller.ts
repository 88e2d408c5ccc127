import { Body, Controller, Get, Param, Post, Req, Res, UseInterceptors } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { RequestUser } from '../../http/request-user';
import { Pauses } from '../../schedules/pauses';
import { carryOut, showPauses } from '../page/form-answers';
import { EMPTY_PAUSE_FORM, type PauseForm, pauseFormIn, pauseIn, pauseNotice } from '../page/pause-form';
import { SeeOther } from '../page/view';
import { ViewInterceptor } from '../page/view.interceptor';
import { WHOLE_HISTORY } from './history-query';
import { ProjectPages } from './project-pages';

/** The forms on a project's page that pause and resume its schedules. */
@ApiExcludeController()
@Controller('projects/:projectId')
@UseInterceptors(ViewInterceptor)
export class ProjectPauseController {
  constructor(
    private readonly pages: ProjectPages,
    private readonly pauses: Pauses,
  ) {}

  /** Without JavaScript, a refused form is rendered at this address; a reload leads back to the page. */
  @Get(['pause', 'resume'])
  backToPage(@Param('projectId') projectId: string): SeeOther {
    return new SeeOther(`/projects/${encodeURIComponent(projectId)}`);
  }

  @Post('pause')
  async pause(
    @Param('projectId') projectId: string,
    @Body() body: unknown,
    @RequestUser() user: string | null,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const form = pauseFormIn(body);
    const action = () => this.pauses.pause(projectId, pauseIn(form), user ?? 'page');
    await this.change(projectId, action, form, request, response);
  }

  @Post('resume')
  async resume(
    @Param('projectId') projectId: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    await this.change(projectId, () => this.pauses.resume(projectId), EMPTY_PAUSE_FORM, request, response);
  }

  private async change(
    projectId: string,
    action: () => Promise<unknown>,
    pauseForm: PauseForm,
    request: Request,
    response: Response,
  ): Promise<void> {
    await carryOut(
      request,
      response,
      async () => {
        await action();
        showPauses(`/projects/${projectId}`, request, response);
      },
      async (_notice, error) => {
        const filled = { notice: pauseNotice(error), pauseForm };
        response.render('project/page', await this.pages.whole(projectId, WHOLE_HISTORY, filled));
      },
      (error) => ({ notice: pauseNotice(error) }),
    );
  }
}
