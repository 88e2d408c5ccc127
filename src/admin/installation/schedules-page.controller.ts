import { Body, Controller, Get, Post, Req, Res, UseInterceptors } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { RequestUser } from '../../http/request-user';
import { Pauses } from '../../schedules/pauses';
import { carryOut, showPauses } from '../page/form-answers';
import { type LivePage, LivePages } from '../page/live-pages';
import { EMPTY_PAUSE_FORM, type PauseForm, pauseFormIn, pauseIn, pauseNotice } from '../page/pause-form';
import { type PartView, SeeOther, type View } from '../page/view';
import { ViewInterceptor } from '../page/view.interceptor';
import { SchedulesReader } from './schedules-reader';

const SCHEDULES: LivePage = { title: 'Schedules', path: '/schedules', view: 'schedules' };

/** The schedules of all projects, with their next and their last due times; and the forms that pause all of them. */
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
    return this.pages.whole(SCHEDULES, await this.model());
  }

  @Get('schedules/state')
  async state(): Promise<PartView> {
    return this.pages.part(SCHEDULES, await this.model());
  }

  /** Without JavaScript, a refused form is rendered at this address; a reload leads back to the page. */
  @Get(['schedules/pause', 'schedules/resume'])
  backToPage(): SeeOther {
    return new SeeOther('/schedules');
  }

  @Post('schedules/pause')
  async pauseAll(
    @Body() body: unknown,
    @RequestUser() user: string | null,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const form = pauseFormIn(body);
    await this.change(() => this.pauses.pause(null, pauseIn(form), user ?? 'page'), form, request, response);
  }

  @Post('schedules/resume')
  async resumeAll(@Req() request: Request, @Res() response: Response): Promise<void> {
    await this.change(() => this.pauses.resume(null), EMPTY_PAUSE_FORM, request, response);
  }

  private async change(
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
        showPauses(SCHEDULES.path, request, response);
      },
      async (_notice, error) => {
        const { name, model } = await this.pages.whole(SCHEDULES, await this.model(pauseForm));
        response.render(name, { ...model, notice: pauseNotice(error) });
      },
      (error) => ({ notice: pauseNotice(error) }),
    );
  }

  private async model(pauseForm = EMPTY_PAUSE_FORM) {
    return { ...(await this.reader.read()), pauseForm };
  }
}
