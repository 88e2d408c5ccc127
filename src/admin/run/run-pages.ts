import { Injectable } from '@nestjs/common';
import { Clock } from '../../clock/clock';
import type { Run } from '../../runs/run';
import { ScheduleRepository } from '../../schedules/schedule.repository';
import { live } from '../page/live';
import { PageFrames } from '../page/page-frame';
import { RunFactsReader } from './run-facts';
import { runPage } from './run-page';

/** Builds the part of a run's page that changes with its state: steps, progress and results. */
@Injectable()
export class RunPages {
  constructor(
    private readonly facts: RunFactsReader,
    private readonly schedules: ScheduleRepository,
    private readonly clock: Clock,
    private readonly frames: PageFrames,
  ) {}

  async state(run: Run) {
    const [facts, due] = await Promise.all([
      this.facts.read(run),
      run.triggeredBy === 'schedule' ? this.schedules.ofRun(run.runId) : null,
    ]);
    const page = runPage({ ...facts, dueAt: due && due.dueAt }, this.clock.now());
    // Browser tabs show the title, so it changes with the state.
    const frame = await this.frames.frame(`${page.mark.icon} ${page.name}`, '/');
    return live(`/runs/${run.runId}/state`, { frame, run: page });
  }
}
