import { join } from 'node:path';
import { Controller, Get, Inject, Query, UseInterceptors } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Config } from '../../config/config';
import { CONFIG } from '../../config/config.module';
import { projectTemplate } from '../../config-schemas/project-template';
import { ProjectCatalogue } from '../../projects/project-catalogue';
import { live } from '../page/live';
import { PageFrames } from '../page/page-frame';
import { PartView, View } from '../page/view';
import { ViewInterceptor } from '../page/view.interceptor';
import { chosenId, fileOf, newProjectFile } from './new-project-file';

type Parameters = Record<string, unknown>;

/** Helps to add a project: where to save which file, and whether the server has read it. */
@ApiExcludeController()
@Controller('add-project')
@UseInterceptors(ViewInterceptor)
export class AddProjectController {
  constructor(
    private readonly projects: ProjectCatalogue,
    private readonly frames: PageFrames,
    @Inject(CONFIG) private readonly config: Pick<Config, 'configDirLabel'>,
  ) {}

  @Get()
  async page(@Query() query: Parameters): Promise<View> {
    return new View('add-project/page', await this.model(query));
  }

  @Get('state')
  async state(@Query() query: Parameters): Promise<PartView> {
    const model = await this.model(query);
    return new PartView('shared/refresh', model, model.live);
  }

  private async model(query: Parameters) {
    await this.projects.reload();
    const known = this.projects
      .list()
      .map(({ definition: { projectId, name }, file }) => ({ projectId, name, file }));
    const { id, isInvalid } = chosenId(
      query.id,
      known.map(({ projectId }) => projectId),
    );
    const external = query.kind === 'external';
    return live(`/add-project/state?id=${id}`, {
      frame: await this.frames.frame('Add a project', '/'),
      partName: 'add-project/content',
      id,
      isInvalid,
      external,
      path: join(this.config.configDirLabel, fileOf(id)),
      template: projectTemplate(id, { external }),
      file: newProjectFile(id, known, this.projects.problems()),
    });
  }
}
