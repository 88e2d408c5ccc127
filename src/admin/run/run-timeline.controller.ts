import { Controller, Get, Param, Query, UseInterceptors } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { ProjectCatalogue } from '../../projects/project-catalogue';
import { RunDetailRepository } from '../../history/run-detail.repository';
import type { Run } from '../../runs/run';
import { RunPipe, runPaths } from '../../runs/run.pipe';
import { textOrNull } from '../page/form-answers';
import { PageFrames } from '../page/page-frame';
import { View } from '../page/view';
import { ViewInterceptor } from '../page/view.interceptor';
import { numberSign, runName } from '../words/run-words';
import { timelineHref, timelineLines } from './run-timeline';

const EVENTS = 500;

/** All events of a run, page by page. The run page shows only the start and the end of a long history. */
@ApiExcludeController()
@Controller(runPaths('timeline'))
@UseInterceptors(ViewInterceptor)
export class RunTimelineController {
  constructor(
    private readonly projects: ProjectCatalogue,
    private readonly details: RunDetailRepository,
    private readonly frames: PageFrames,
  ) {}

  @Get()
  async page(@Param(RunPipe) run: Run, @Query('after') after: unknown): Promise<View> {
    const { runId, projectId } = run;
    const project = this.projects.find(projectId);
    const projectName = project?.definition.name ?? projectId;
    const text = textOrNull(after) ?? '0';
    const from = /^\d{1,15}$/.test(text) ? Number(text) : 0;
    const { items, nextCursor } = await this.details.page(runId, EVENTS, from);
    return new View('run/timeline-page', {
      frame: await this.frames.frame(`Timeline, ${runName(projectName, run)}`, '/'),
      runHref: `/runs/${runId}`,
      runNumber: numberSign(run),
      projectName,
      projectHref: `/projects/${projectId}`,
      lines: timelineLines(items),
      firstHref: from === 0 ? null : timelineHref(runId, 0),
      furtherHref: nextCursor === null ? null : timelineHref(runId, Number(nextCursor)),
    });
  }
}
