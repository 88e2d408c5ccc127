import { Controller, Get, UseInterceptors } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { type LivePage, LivePages } from '../page/live-pages';
import type { PartView, View } from '../page/view';
import { ViewInterceptor } from '../page/view.interceptor';
import { WorkersReader } from './workers-reader';

const WORKERS: LivePage = { title: 'Workers', path: '/workers', view: 'workers' };

/** The workers with their runs, and the runs that wait for one. */
@ApiExcludeController()
@Controller('workers')
@UseInterceptors(ViewInterceptor)
export class WorkersPageController {
  constructor(
    private readonly reader: WorkersReader,
    private readonly pages: LivePages,
  ) {}

  @Get()
  async page(): Promise<View> {
    return this.pages.whole(WORKERS, await this.reader.read());
  }

  @Get('state')
  async state(): Promise<PartView> {
    return this.pages.part(WORKERS, await this.reader.read());
  }
}
