import { Injectable } from '@nestjs/common';
import { Clock } from '../../clock/clock';
import {
  type FamilyRun,
  type PastEvent,
  type PastStamp,
  RunDetailRepository,
} from '../../history/run-detail.repository';
import type { Run } from '../../runs/run';
import { live } from '../page/live';
import { Remembered } from '../page/remembered';
import { attemptRows } from './run-attempts';
import { familyRows, MAX_REPEATS } from './run-family';
import { type RunTimeline, runTimeline } from './run-timeline';

/** A small number, because the past of a run can be some hundred kilobytes. */
const PASTS = 20;

interface PastFacts {
  attempts: PastEvent[];
  family: FamilyRun[];
}

/** Reads the past of a run: attempts, re-runs and events. */
@Injectable()
export class RunPast {
  private readonly pasts = new Remembered<PastFacts>(PASTS);
  private readonly timelines = new Remembered<RunTimeline>(PASTS);

  constructor(
    private readonly details: RunDetailRepository,
    private readonly clock: Clock,
  ) {}

  async of(run: Run) {
    const stamp = await this.details.stamp(run, MAX_REPEATS);
    const facts = await this.pasts.get(run.runId, keyOf(run, stamp), () => this.read(run, stamp));
    const now = this.clock.now();
    return live(`/runs/${run.runId}/past`, {
      attempts: attemptRows(run, facts.attempts, now),
      family: familyRows(run, facts.family, now),
    });
  }

  async timeline(run: Run) {
    const stamp = await this.details.stamp(run, MAX_REPEATS);
    const timeline = await this.timelines.get(run.runId, keyOf(run, stamp), async () =>
      runTimeline(run, await this.details.events(run.runId)),
    );
    return live(`/runs/${run.runId}/timeline/part`, timeline);
  }

  private async read(run: Run, { family: relations }: PastStamp): Promise<PastFacts> {
    const [attempts, family] = await Promise.all([
      run.attempt === 1 ? [] : this.details.attemptEvents(run),
      relations.length < 2 ? [] : this.details.family(relations),
    ]);
    return { attempts, family };
  }
}

function keyOf({ revision }: Run, stamp: PastStamp): string {
  return JSON.stringify([revision, stamp]);
}
