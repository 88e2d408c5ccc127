import { Controller, Get, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Response } from 'express';
import { ProjectCatalogue } from '../projects/project-catalogue';
import { Quotas } from '../quota/quotas';
import { PageFrames } from './page-frame';
import { quotaPage } from './quota-page';

/** What is left of the quota, project by project, and which runs used it. */
@ApiExcludeController()
@Controller('quota')
export class QuotaPageController {
  constructor(
    private readonly projects: ProjectCatalogue,
    private readonly quotas: Quotas,
    private readonly frames: PageFrames,
  ) {}

  @Get()
  async page(@Res() response: Response): Promise<void> {
    const keeping = this.projects.list().filter(({ definition }) => definition.quota);
    const usages = await Promise.all(
      keeping.map(async ({ definition: project }) => ({
        project,
        status: await this.quotas.statusOf(project),
        runs: await this.quotas.runsToday(project.projectId),
      })),
    );
    const [problem = null] = this.quotas.problems();
    response.render('quota', {
      frame: await this.frames.frame('Quota', '/quota'),
      quota: quotaPage(this.quotas.rules, problem, usages),
    });
  }
}
