import { Controller, Get, Query, Req, Res, UseInterceptors } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { Clock } from '../../clock/clock';
import { ConfigProblems } from '../../history/config-problems';
import { live } from '../page/live';
import { PageFrames } from '../page/page-frame';
import { PageHeaders } from '../page/page-header';
import { preference, Preferences } from '../page/preferences';
import { PartView, View } from '../page/view';
import { ViewInterceptor } from '../page/view.interceptor';
import { chosenOrder, chosenPage, chosenTag, chosenTone, overviewHref, overviewPage } from './overview-page';
import { OverviewReader } from './overview-reader';

type Parameters = Record<string, unknown>;

/** The start page: every project with its state. */
@ApiExcludeController()
@Controller()
@UseInterceptors(ViewInterceptor)
export class OverviewController {
  constructor(
    private readonly reader: OverviewReader,
    private readonly configProblems: ConfigProblems,
    private readonly clock: Clock,
    private readonly frames: PageFrames,
    private readonly headers: PageHeaders,
    private readonly preferences: Preferences,
  ) {}

  @Get()
  async page(
    @Query() query: Parameters,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<View> {
    const asked = chosenOrder(query.order);
    if (asked !== null) this.preferences.set('order', asked, request, response);
    return new View('overview/page', await this.model(query, request));
  }

  @Get('state')
  async state(@Query() query: Parameters, @Req() request: Request): Promise<PartView> {
    const model = await this.model(query, request);
    return new PartView('overview/refresh', model, model.live);
  }

  /** Returns the count in the header, for pages that reload nothing else. */
  @Get('running')
  async running(): Promise<PartView> {
    const frame = await this.headers.header();
    return new PartView('shared/running-count', { frame, isUpdate: true }, frame.live);
  }

  private async model({ state, tag, order, page }: Parameters, request: Request) {
    const choice = {
      tone: chosenTone(state),
      tag: chosenTag(tag),
      order: chosenOrder(order) ?? chosenOrder(preference('order', request)) ?? 'need',
      page: chosenPage(page),
    };
    const { states, facts } = await this.reader.read(choice);
    const problems = this.configProblems.shownProblems();
    const overview = overviewPage(states, facts, problems, choice, this.clock.now());
    // Browser tabs show the title, so it changes with the state.
    const title = overview.headline === null ? 'Projects' : `${overview.headline} · Projects`;
    const frame = await this.frames.frame(title, '/');
    return live(overviewHref('/state', { ...choice, page: overview.page }), { frame, overview });
  }
}
