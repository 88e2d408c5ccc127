import { Controller, Get, Query, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Response } from 'express';
import { ProjectCatalogue } from '../../projects/project-catalogue';
import { Quotas } from '../../quota/quotas';
import { type LivePage, LivePages } from '../page/live-pages';
import { pageVersion } from '../page/page-version';
import { quotaPage } from './quota-page';

const QUOTA: LivePage = { title: 'Quota', path: '/quota', view: 'quota' };

/** The remaining quota of each project, and the runs that used it. */
@ApiExcludeController()
@Controller('quota')
export class QuotaPageController {
  constructor(
    private readonly projects: ProjectCatalogue,
    private readonly quotas: Quotas,
    private readonly pages: LivePages,
  ) {}

  @Get()
  async page(@Res() response: Response): Promise<void> {
    const { version, model } = await this.model();
    await this.pages.whole(response, QUOTA, version, model);
  }

  @Get('state')
  async state(@Query('version') shown: unknown, @Res() response: Response): Promise<void> {
    const { version, model } = await this.model();
    await this.pages.part(response, QUOTA, shown, version, model);
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
    const quota = quotaPage(this.quotas.rules, problem, this.quotas.isUnknown, usages);
    return { version: pageVersion([], quota), model: { quota } };
  }
}
