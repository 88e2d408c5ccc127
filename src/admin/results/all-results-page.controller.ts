import { Controller, Get, UseInterceptors } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { ProjectCatalogue } from '../../projects/project-catalogue';
import { LiveResults } from '../../results/live-results';
import { type LivePage, LivePages } from '../page/live-pages';
import type { PartView, View } from '../page/view';
import { ViewInterceptor } from '../page/view.interceptor';
import { allResults } from './all-results';

const RESULTS: LivePage = { title: 'Results', path: '/results', view: 'all-results' };

/** The live results of all projects. */
@ApiExcludeController()
@Controller('results')
@UseInterceptors(ViewInterceptor)
export class AllResultsPageController {
  constructor(
    private readonly results: LiveResults,
    private readonly projects: ProjectCatalogue,
    private readonly pages: LivePages,
  ) {}

  @Get()
  async page(): Promise<View> {
    return this.pages.whole(RESULTS, await this.model());
  }

  @Get('state')
  async state(): Promise<PartView> {
    return this.pages.part(RESULTS, await this.model());
  }

  private async model() {
    const definitions = this.projects.list().map(({ definition }) => definition);
    return { results: allResults(await this.results.all(), definitions) };
  }
}
