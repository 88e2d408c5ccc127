import { Body, Controller, Get, Param, Post, Req, Res, UseInterceptors } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { RequestUser } from '../../http/request-user';
import { Pauses } from '../../schedules/pauses';
import { carryOut, textOrNull, wantsPart } from '../page/form-answers';
import { type LivePage, LivePages } from '../page/live-pages';
import { type PartView, SeeOther, type View } from '../page/view';
import { ViewInterceptor } from '../page/view.interceptor';
import { SchedulesReader } from './schedules-reader';

const SCHEDULES: LivePage = { title: 'Schedules', path: '/schedules', view: 'schedules' };
const MAX_REASON = 500;

/** The schedules of all projects, with their next and their last due times; and the forms that pause them. */
@ApiExcludeController()
@Controller()
@UseInterceptors(ViewInterceptor)
export class SchedulesPageController {
  constructor(
    private readonly reader: SchedulesReader,
    private readonly pages: LivePages,
    private readonly pauses: Pauses,
  ) {}

  @Get('schedules')
  async page(): Promise<View> {
    return this.pages.whole(SCHEDULES, await this.reader.read());
  }

  @Get('schedules/state')
  async state(): Promise<PartView> {
    return this.pages.part(SCHEDULES, await this.reader.read());
  }

  /** Without JavaScript, a refused form is rendered at this address; a reload leads back to the page. */
  @Get(['schedules/pause', 'schedules/resume'])
  backToPage(): SeeOther {
    return new SeeOther('/schedules');
  }

  @Get(['projects/:projectId/pause', 'projects/:projectId/resume'])
  backToProject(@Param('projectId') projectId: string): SeeOther {
    return new SeeOther(`/projects/${encodeURIComponent(projectId)}`);
  }

  @Post('schedules/pause')
  async pauseAll(
    @Body() body: unknown,
    @RequestUser() user: string | null,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    await this.change(() => this.pause(null, body, user), '/schedules', request, response);
  }

  @Post('schedules/resume')
  async resumeAll(@Req() request: Request, @Res() response: Response): Promise<void> {
    await this.change(() => this.pauses.resume(null), '/schedules', request, response);
  }

  @Post('projects/:projectId/pause')
  async pauseProject(
    @Param('projectId') projectId: string,
    @Body() body: unknown,
    @RequestUser() user: string | null,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const href = `/projects/${projectId}`;
    await this.change(() => this.pause(projectId, body, user), href, request, response);
  }

  @Post('projects/:projectId/resume')
  async resumeProject(
    @Param('projectId') projectId: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    await this.change(() => this.pauses.resume(projectId), `/projects/${projectId}`, request, response);
  }

  private async pause(projectId: string | null, body: unknown, user: string | null): Promise<void> {
    const { reason } = (body ?? {}) as { reason?: unknown };
    const text = textOrNull(reason)?.trim().slice(0, MAX_REASON);
    await this.pauses.pause(projectId, { reason: text === '' ? null : text }, user ?? 'page');
  }

  private async change(
    action: () => Promise<unknown>,
    href: string,
    request: Request,
    response: Response,
  ): Promise<void> {
    await carryOut(
      request,
      response,
      async () => {
        await action();
        if (wantsPart(request)) response.setHeader('HX-Trigger', 'run-changed, pauses-changed').end();
        else response.redirect(303, href);
      },
      async (notice) => {
        const { name, model } = await this.pages.whole(SCHEDULES, await this.reader.read());
        response.render(name, { ...model, notice });
      },
    );
  }
}
