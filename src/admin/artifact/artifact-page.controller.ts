import { Controller, Get, Param, UseInterceptors } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { ProjectCatalogue } from '../../projects/project-catalogue';
import { ArtifactFiles } from '../../artifacts/artifact-files';
import { RunRepository } from '../../runs/run.repository';
import { artifactHref } from '../../runs/run-view';
import { artifactPreview, PREVIEW_BYTES } from './artifact-preview';
import { MarkdownParser } from './markdown-parser';
import { PageFrames } from '../page/page-frame';
import { View } from '../page/view';
import { ViewInterceptor } from '../page/view.interceptor';
import { sizeText } from '../words/number-text';

/** Serves the page that previews an artifact and links to its download. */
@ApiExcludeController()
@Controller('runs/:runId/artifacts')
@UseInterceptors(ViewInterceptor)
export class ArtifactPageController {
  constructor(
    private readonly projects: ProjectCatalogue,
    private readonly runs: RunRepository,
    private readonly files: ArtifactFiles,
    private readonly frames: PageFrames,
    private readonly markdown: MarkdownParser,
  ) {}

  @Get(':name')
  async page(@Param('runId') runId: string, @Param('name') name: string): Promise<View> {
    const run = await this.runs.get(runId);
    const { start, size } = await this.files.readStart(run, name, PREVIEW_BYTES);
    return new View('artifact/page', {
      frame: await this.frames.frame(name, '/'),
      artifact: {
        name,
        size: sizeText(size),
        downloadHref: artifactHref(run.runId, name),
        runHref: `/runs/${run.runId}`,
        shortId: run.runId.slice(-12),
        projectHref: `/projects/${run.projectId}`,
        projectName: this.projects.find(run.projectId)?.definition.name ?? run.projectId,
      },
      preview: await artifactPreview(name, start, size > start.length, (source) =>
        this.markdown.parse(source),
      ),
    });
  }
}
