import { Controller, Get, Query, UseInterceptors } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Clock } from '../../clock/clock';
import { live } from '../page/live';
import { PageFrames } from '../page/page-frame';
import { PartView, View } from '../page/view';
import { ViewInterceptor } from '../page/view.interceptor';
import { chosenPage, chosenTag, chosenTone, overviewHref, overviewPage } from './overview-page';
import { OverviewReader } from './overview-reader';

type Parameters = Record<string, unknown>;

/** The start page: every project with its state. */
@ApiExcludeController()
@Controller()
@UseInterceptors(ViewInterceptor)
export class OverviewController {
  constructor(
    private readonly reader: OverviewReader,
    private readonly clock: Clock,
    private readonly frames: PageFrames,
  ) {}

  @Get()
  async page(@Query() query: Parameters): Promise<View> {
    return new View('overview/page', await this.model(query));
  }

  @Get('state')
  async state(@Query() query: Parameters): Promise<PartView> {
    const model = await this.model(query);
    return new PartView('overview/refresh', model, model.live);
  }

  /** Returns the count in the header, for pages that reload nothing else. */
  @Get('running')
  async running(): Promise<PartView> {
    const frame = await this.frames.header();
    return new PartView('shared/running-count', { frame, isUpdate: true }, frame.live);
  }

  private async model({ state, tag, page }: Parameters) {
    const choice = { tone: chosenTone(state), tag: chosenTag(tag), page: chosenPage(page) };
    const { states, facts, problems } = await this.reader.read(choice);
    const overview = overviewPage(states, facts, problems, choice, this.clock.now());
    // Browser tabs show the title, so it changes with the state.
    const title = overview.headline === null ? 'Projects' : `${overview.headline} · Projects`;
    const frame = await this.frames.frame(title, '/');
    return live(overviewHref('/state', { ...choice, page: overview.page }), { frame, overview });
  }
}
