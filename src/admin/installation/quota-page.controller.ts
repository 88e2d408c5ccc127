import { Controller, Get, UseInterceptors } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { ProjectCatalogue } from '../../projects/project-catalogue';
import { Quotas } from '../../quota/quotas';
import { type LivePage, LivePages } from '../page/live-pages';
import type { PartView, View } from '../page/view';
import { ViewInterceptor } from '../page/view.interceptor';
import { quotaPage } from './quota-page';

const QUOTA: LivePage = { title: 'Quota', path: '/quota', view: 'quota' };

/** The remaining quota of each project, and the runs that used it. */
@ApiExcludeController()
@Controller('quota')
@UseInterceptors(ViewInterceptor)
export class QuotaPageController {
  constructor(
    private readonly projects: ProjectCatalogue,
    private readonly quotas: Quotas,
    private readonly pages: LivePages,
  ) {}

  @Get()
  async page(): Promise<View> {
    return this.pages.whole(QUOTA, await this.model());
  }

  @Get('state')
  async state(): Promise<PartView> {
    return this.pages.part(QUOTA, await this.model());
  }

  private async model() {
    const keeping = this.projects.list().filter(({ definition }) => definition.quota);
    const usages = await Promise.all(
      keeping.map(async ({ definition: project }) => ({
        project,
        status: await this.quotas.statusOf(project),
        runs: await this.quotas.runsToday(project.projectId),
      })),
    );
    const [problem = null] = this.quotas.problems();
    return { quota: quotaPage(this.quotas.rules, problem, this.quotas.isUnknown, usages) };
  }
}
