import { Controller, Get, Param, Query, UseInterceptors } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { ProjectCatalogue } from '../../projects/project-catalogue';
import { RunDetailRepository } from '../../history/run-detail.repository';
import { isTerminal, type Run } from '../../runs/run';
import { RunPipe, runPaths } from '../../runs/run.pipe';
import { textOrNull } from '../page/form-answers';
import { PageFrames } from '../page/page-frame';
import { PartView, View } from '../page/view';
import { ViewInterceptor } from '../page/view.interceptor';
import { numberSign, runName } from '../words/run-words';
import { RunPast } from './run-past';
import { runTabs } from './run-tabs';
import { timelineHref, timelineLines } from './run-timeline';

const EVENTS = 500;

/** What happened to a run. With `after`, a page of all its events; else the start and the end of a long history. */
@ApiExcludeController()
@Controller(runPaths('timeline'))
@UseInterceptors(ViewInterceptor)
export class RunTimelineController {
  constructor(
    private readonly projects: ProjectCatalogue,
    private readonly details: RunDetailRepository,
    private readonly pasts: RunPast,
    private readonly frames: PageFrames,
  ) {}

  @Get()
  async page(@Param(RunPipe) run: Run, @Query('after') after: unknown): Promise<View> {
    const text = textOrNull(after);
    return new View('run/timeline-page', {
      ...(await this.headOf(run)),
      ...(text === null
        ? { isActive: !isTerminal(run), timeline: await this.pasts.timeline(run) }
        : { events: await this.events(run, /^\d{1,15}$/.test(text) ? Number(text) : 0) }),
    });
  }

  @Get('part')
  async part(@Param(RunPipe) run: Run): Promise<PartView> {
    const timeline = await this.pasts.timeline(run);
    return new PartView('run/timeline', { isActive: !isTerminal(run), timeline }, timeline.live);
  }

  private async events({ runId }: Run, from: number) {
    const { items, nextCursor } = await this.details.page(runId, EVENTS, from);
    return {
      lines: timelineLines(items),
      firstHref: from === 0 ? null : timelineHref(runId, 0),
      furtherHref: nextCursor === null ? null : timelineHref(runId, Number(nextCursor)),
    };
  }

  private async headOf(run: Run) {
    const { runId, projectId } = run;
    const project = this.projects.find(projectId);
    const projectName = project?.definition.name ?? projectId;
    return {
      frame: await this.frames.frame(`Timeline, ${runName(projectName, run)}`, '/'),
      tabs: runTabs(runId, 'timeline'),
      run: { projectName, projectHref: project && `/projects/${projectId}`, number: numberSign(run) },
    };
  }
}
