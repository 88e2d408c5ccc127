import { Body, Controller, Get, Param, Post, Req, Res, UseInterceptors } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { RequestUser } from '../../http/request-user';
import { LiveResults } from '../../results/live-results';
import { carryOut, showDone, textOrNull } from '../page/form-answers';
import { SeeOther } from '../page/view';
import { ViewInterceptor } from '../page/view.interceptor';
import { WHOLE_HISTORY } from './history-query';
import { ProjectPages } from './project-pages';

/** The buttons on a project's page that make an earlier result live. */
@ApiExcludeController()
@Controller('projects/:projectId')
@UseInterceptors(ViewInterceptor)
export class ProjectResultController {
  constructor(
    private readonly pages: ProjectPages,
    private readonly results: LiveResults,
  ) {}

  /** Without JavaScript, a refused form is rendered at this address; a reload leads back to the page. */
  @Get('result/go-back')
  backToPage(@Param('projectId') projectId: string): SeeOther {
    return new SeeOther(`/projects/${encodeURIComponent(projectId)}`);
  }

  @Post('result/go-back')
  async goBack(
    @Param('projectId') projectId: string,
    @Body() body: unknown,
    @RequestUser() user: string | null,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const runId = textOrNull((body as { runId?: unknown } | null)?.runId) ?? '';
    await carryOut(
      request,
      response,
      async () => {
        await this.results.goBack(projectId, runId, user ?? 'page');
        showDone(`/projects/${projectId}`, request, response);
      },
      async (notice) =>
        response.render('project/page', await this.pages.whole(projectId, WHOLE_HISTORY, { notice })),
    );
  }
}
