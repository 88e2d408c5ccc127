import { Controller, Get, Query, Req, UseInterceptors } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Request } from 'express';
import { Clock } from '../../clock/clock';
import { type LivePage, LivePages } from '../page/live-pages';
import type { PartView, View } from '../page/view';
import { ViewInterceptor } from '../page/view.interceptor';
import { runsPage } from './runs-page';
import { runsHref, runsQuery, type RunsQuery } from './runs-query';
import { RunsReader } from './runs-reader';

/** The id of the filter form, as htmx sends it. */
const FORM = 'runs-form';

/** The runs of all projects. */
@ApiExcludeController()
@Controller('runs')
@UseInterceptors(ViewInterceptor)
export class RunsPageController {
  constructor(
    private readonly reader: RunsReader,
    private readonly pages: LivePages,
    private readonly clock: Clock,
  ) {}

  @Get()
  async page(@Query() address: Record<string, unknown>): Promise<View> {
    const query = runsQuery(address);
    return this.pages.whole(pageWith(query), await this.model(query));
  }

  @Get('state')
  async state(@Query() address: Record<string, unknown>, @Req() request: Request): Promise<PartView> {
    const query = runsQuery(address);
    // Puts the filter into the browser's address, so that reload, back and shared links show the same.
    const isNew = request.headers['hx-trigger'] === FORM;
    const headers: Record<string, string> = isNew ? { 'HX-Push-Url': runsHref('/runs', query) } : {};
    return this.pages.part(pageWith(query), await this.model(query), headers);
  }

  private async model(query: RunsQuery) {
    return { runs: runsPage(await this.reader.read(query), this.clock.now()) };
  }
}

function pageWith(query: RunsQuery): LivePage {
  return { title: 'Runs', path: '/runs', partHref: runsHref('/runs/state', query), view: 'runs' };
}
