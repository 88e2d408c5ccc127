import { Controller, Get, Param, UseInterceptors } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { ProjectCatalogue } from '../../projects/project-catalogue';
import { ArtifactFiles } from '../../artifacts/artifact-files';
import type { Run } from '../../runs/run';
import { RunPipe, runPaths } from '../../runs/run.pipe';
import { artifactHref } from '../../runs/run-view';
import { artifactPreview, previewBytes } from './artifact-preview';
import { MarkdownParser } from './markdown-parser';
import { previewView } from './preview-view';
import { PageFrames } from '../page/page-frame';
import { View } from '../page/view';
import { ViewInterceptor } from '../page/view.interceptor';
import { sizeText } from '../../config/size-text';
import { numberSign, runName } from '../words/run-words';

/** Serves the page that previews an artifact and links to its download. */
@ApiExcludeController()
@Controller(runPaths('artifacts'))
@UseInterceptors(ViewInterceptor)
export class ArtifactPageController {
  constructor(
    private readonly projects: ProjectCatalogue,
    private readonly files: ArtifactFiles,
    private readonly frames: PageFrames,
    private readonly markdown: MarkdownParser,
  ) {}

  @Get(':name')
  async page(@Param(RunPipe) run: Run, @Param('name') name: string): Promise<View> {
    const projectName = this.projects.find(run.projectId)?.definition.name ?? run.projectId;
    const { start, size } = await this.files.readStart(run, name, previewBytes(name));
    const artifacts = new Set(run.artifacts.map((artifact) => artifact.name));
    const pageHref = (other: string) => `/runs/${run.runId}/artifacts/${encodeURIComponent(other)}`;
    const preview = await artifactPreview(name, start, size > start.length, {
      parseMarkdown: (source) => this.markdown.parse(source),
      pictureHref: () => `${pageHref(name)}/picture`,
      place: {
        name,
        pageOf: (other) => (artifacts.has(other) ? pageHref(other) : null),
        pictureOf: (other) => (artifacts.has(other) ? `${pageHref(other)}/picture` : null),
      },
    });
    return new View('artifact/page', {
      frame: await this.frames.frame(`${name}, ${runName(projectName, run)}`, '/'),
      artifact: {
        name,
        size: sizeText(size),
        downloadHref: artifactHref(run.runId, name),
        runHref: `/runs/${run.runId}`,
        runNumber: numberSign(run),
        projectHref: `/projects/${run.projectId}`,
        projectName,
      },
      preview: previewView(preview, start.length, size),
    });
  }
}
