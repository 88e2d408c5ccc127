import { Injectable } from '@nestjs/common';
import { Clock } from '../../clock/clock';
import { LiveResults } from '../../results/live-results';
import { isTerminal, type Run } from '../../runs/run';
import { ScheduleRepository } from '../../schedules/schedule.repository';
import { live } from '../page/live';
import { PageFrames } from '../page/page-frame';
import { RunFactsReader } from './run-facts';
import { type PageOrder, runPage } from './run-page';

/** Builds the part of a run's page that changes with its state: steps, progress and results. */
@Injectable()
export class RunPages {
  constructor(
    private readonly facts: RunFactsReader,
    private readonly schedules: ScheduleRepository,
    private readonly results: LiveResults,
    private readonly clock: Clock,
    private readonly frames: PageFrames,
  ) {}

  /** Returns the state with the order in which a page that is opened now shows it. */
  first(run: Run) {
    return this.state(run, { isLogFirst: !isTerminal(run) });
  }

  async state(run: Run, order: PageOrder) {
    const [facts, due, result] = await Promise.all([
      this.facts.read(run),
      run.triggeredBy === 'schedule' ? this.schedules.ofRun(run.runId) : null,
      run.result?.state === 'accepted' ? this.results.current(run.projectId) : null,
    ]);
    const isResultLive = result?.runId === run.runId;
    const page = runPage({ ...facts, dueAt: due && due.dueAt, isResultLive }, order, this.clock.now());
    // Browser tabs show the title, so it changes with the state.
    const frame = await this.frames.frame(`${page.mark.icon} ${page.name}`, '/');
    const path = `/runs/${run.runId}/state${order.isLogFirst ? '?order=log-first' : ''}`;
    return live(path, { frame, run: page });
  }
}
