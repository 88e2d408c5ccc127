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
  timeline: RunTimeline;
  attempts: PastEvent[];
  family: FamilyRun[];
}

/** Reads the past of a run: attempts, re-runs and events. */
@Injectable()
export class RunPast {
  private readonly pasts = new Remembered<PastFacts>(PASTS);

  constructor(
    private readonly details: RunDetailRepository,
    private readonly clock: Clock,
  ) {}

  async of(run: Run) {
    const stamp = await this.details.stamp(run, MAX_REPEATS);
    const facts = await this.pasts.get(run.runId, JSON.stringify([run.revision, stamp]), () =>
      this.read(run, stamp),
    );
    const now = this.clock.now();
    return live(`/runs/${run.runId}/past`, {
      attempts: attemptRows(run, facts.attempts, now),
      family: familyRows(run, facts.family, now),
      timeline: facts.timeline,
    });
  }

  private async read(run: Run, { family: relations }: PastStamp): Promise<PastFacts> {
    const [events, attempts, family] = await Promise.all([
      this.details.events(run.runId),
      run.attempt === 1 ? [] : this.details.attemptEvents(run),
      relations.length < 2 ? [] : this.details.family(relations),
    ]);
    return { timeline: runTimeline(run, events), attempts, family };
  }
}
