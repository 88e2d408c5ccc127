import { basename } from 'node:path';
import { Controller, Get, Param, UseInterceptors } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { sizeText } from '../../config/size-text';
import { readStart } from '../../files/read-start';
import { ProjectCatalogue } from '../../projects/project-catalogue';
import { LiveResults } from '../../results/live-results';
import { PageFrames } from '../page/page-frame';
import { View } from '../page/view';
import { ViewInterceptor } from '../page/view.interceptor';
import { numberSign } from '../words/run-words';
import { artifactPreview, previewBytes } from './artifact-preview';
import { SVG } from './file-type';
import { MarkdownParser } from './markdown-parser';
import { previewView } from './preview-view';

/** Serves the page that previews the live result of a project and links to its download. */
@ApiExcludeController()
@Controller('projects/:projectId/result')
@UseInterceptors(ViewInterceptor)
export class ResultPageController {
  constructor(
    private readonly projects: ProjectCatalogue,
    private readonly results: LiveResults,
    private readonly frames: PageFrames,
    private readonly markdown: MarkdownParser,
  ) {}

  @Get()
  async page(@Param('projectId') projectId: string): Promise<View> {
    const { definition } = this.projects.get(projectId);
    const { live, file, size } = await this.results.open(projectId);
    const name = basename(live.file);
    const start = await readStart(file, size, previewBytes(name)).finally(() => file.close());
    const downloadHref = `/api/projects/${projectId}/result/file`;
    const preview = await artifactPreview(name, start, size > start.length, {
      parseMarkdown: (source) => this.markdown.parse(source),
      // A download has no media type. Browsers recognise any other picture by its content.
      pictureHref: (type) => (type === SVG ? null : downloadHref),
      // The copy of a result is apart from the other files of its run.
      place: { name, pageOf: () => null, pictureOf: () => null },
    });
    return new View('artifact/page', {
      frame: await this.frames.frame(`Live result of ${definition.name}`, '/'),
      artifact: {
        name,
        size: sizeText(size),
        downloadHref,
        runHref: `/runs/${live.runId}`,
        runNumber: numberSign(live),
        projectHref: `/projects/${projectId}`,
        projectName: definition.name,
      },
      preview: previewView(preview, start.length, size),
    });
  }
}
