import { Injectable } from '@nestjs/common';
import { Clock } from '../../clock/clock';
import { ErrorLines } from '../../logs/error-lines';
import { ProjectCatalogue } from '../../projects/project-catalogue';
import { Quotas } from '../../quota/quotas';
import { isTerminal, type Run } from '../../runs/run';
import { type LateEnd, RunDetailRepository, type PastStamp } from '../../history/run-detail.repository';
import { RunRepository } from '../../runs/run.repository';
import { RunsService } from '../../runs/runs.service';
import { AlikeRuns } from './alike-runs';
import { PageFrames } from '../page/page-frame';
import { pageVersion } from '../page/page-version';
import { attemptRows } from './run-attempts';
import { familyRows } from './run-family';
import { runPage, runVersion } from './run-page';
import { runTimeline } from './run-timeline';

const ERROR_LINES = 5;

/** Collects the data of a run page. */
@Injectable()
export class RunPages {
  constructor(
    private readonly projects: ProjectCatalogue,
    private readonly runs: RunRepository,
    private readonly service: RunsService,
    private readonly details: RunDetailRepository,
    private readonly alikeRuns: AlikeRuns,
    private readonly errorLines: ErrorLines,
    private readonly clock: Clock,
    private readonly frames: PageFrames,
    private readonly quotas: Quotas,
  ) {}

  /** Returns the version of the content that `state` returns. */
  async version(run: Run): Promise<string> {
    const [waiting, alike, { runningVersion }, lateEnd] = await Promise.all([
      this.service.waitingOf(run),
      isTerminal(run) ? [] : this.alikeRuns.before(run),
      this.frames.running(),
      this.lateEndOf(run),
    ]);
    return runVersion({ run, waiting, alike, lateEnd, runningVersion }, this.clock.now());
  }

  async state(run: Run) {
    const project = this.projects.find(run.projectId);
    const failedStep = run.steps.find(({ status }) => status === 'failed')?.name;
    const [waiting, definition, alike, quota, { runningVersion }, lateEnd, errorLines] = await Promise.all([
      this.service.waitingOf(run),
      this.runs.definition(run.definitionHash),
      this.alikeRuns.before(run),
      project && this.quotas.statusOf(project.definition),
      this.frames.running(),
      this.lateEndOf(run),
      failedStep === undefined || !isTerminal(run)
        ? []
        : this.errorLines.lastOf(run.runId, failedStep, ERROR_LINES),
    ]);
    const facts = {
      run,
      waiting,
      definition,
      current: project,
      alike,
      quota,
      lateEnd,
      errorLines,
      runningVersion,
    };
    const page = runPage(facts, this.clock.now());
    // Browser tabs show the title, so it changes with the state.
    const title = `${page.mark.icon} ${page.projectName}, run`;
    return { frame: await this.frames.frame(title, '/'), run: page };
  }

  private async lateEndOf(run: Run): Promise<LateEnd | null> {
    return isTerminal(run) ? this.details.lateEnd(run) : null;
  }

  /** Returns the version and the extent of the past that `past` returns. */
  async pastStamp(run: Run): Promise<PastStamp & { version: string }> {
    const stamp = await this.details.stamp(run);
    return { ...stamp, version: pageVersion(stamp.family, stamp.lastPosition, stamp.rejectedIds) };
  }

  /** Returns attempts, re-runs and events. */
  async past(run: Run, { version, family }: PastStamp & { version: string }) {
    const [events, attempts, relations] = await Promise.all([
      this.details.events(run.runId),
      run.attempt === 1 ? [] : this.details.attemptEvents(run),
      family.length < 2 ? [] : this.details.family(family),
    ]);
    const now = this.clock.now();
    return {
      version,
      href: `/runs/${run.runId}/past?version=${version}`,
      attempts: attemptRows(run, attempts, now),
      family: familyRows(run, relations, now),
      timeline: runTimeline(run, events),
    };
  }
}
