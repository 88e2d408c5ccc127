import { setImmediate } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { type Instant, toInstant } from '../clock/clock';
import { timeOfRunId } from '../runs/run-id';
import type { KeepLimits } from './keep-limits';
import { RetentionClock } from './retention-clock';
import { type ProjectPlan, RetentionPlanner } from './retention-planner';
import { RetentionRepository, type Window } from './retention.repository';
import { RetentionSchedule } from './retention-schedule';
import { type Part, PARTS, stretchOf } from './retention-rule';

/** Runs of one project that are counted. */
const COUNTED_RUNS = 50_000;

/** What one part of a project loses. */
export interface Tally {
  /** Runs that started before this time go, unless they stay for another reason; null without a limit. */
  startedBefore: Instant | null;
  runs: number;
  /** Size of logs and artifacts. */
  bytes: number;
  /** Whether there are more runs than those counted. */
  isAtLeast: boolean;
}

export interface ProjectPreview {
  projectId: string;
  limits: KeepLimits;
  tallies: Record<Part, Tally>;
}

export interface DueRun {
  runId: string;
  projectId: string;
  startedAt: Instant;
  bytes: number;
}

/** Where a page of runs begins. */
export interface DuePlace {
  projectId: string;
  runId: string;
}

/** What the next pass deletes, selected by the same queries as in the pass. */
@Injectable()
export class RetentionPreview {
  constructor(
    private readonly planner: RetentionPlanner,
    private readonly runs: RetentionRepository,
    private readonly schedule: RetentionSchedule,
    private readonly time: RetentionClock,
  ) {}

  /** Returns the time of the next pass in epoch milliseconds, by the clock that decides how old runs are. */
  async nextPassMs(): Promise<number> {
    return this.time.predictMs(this.schedule.untilNextMs);
  }

  /** Returns the plans of all projects, or of one, in order of their ids. */
  async plans(atMs: number, projectId?: string): Promise<ProjectPlan[]> {
    const plans = await this.planner.plans(atMs);
    return projectId === undefined ? plans : plans.filter((plan) => plan.projectId === projectId);
  }

  async project({ projectId, limits, before }: ProjectPlan): Promise<ProjectPreview> {
    const tallies = {} as ProjectPreview['tallies'];
    for (const part of PARTS) tallies[part] = await this.tally(projectId, part, before);
    return { projectId, limits, tallies };
  }

  /** Returns the runs that lose this part, after a place, oldest first within each project. */
  async due(
    plans: ProjectPlan[],
    part: Part,
    limit: number,
    place: DuePlace | null,
  ): Promise<{ items: DueRun[]; next: DuePlace | null }> {
    const items: DueRun[] = [];
    for (const { projectId, before } of plans) {
      if (place !== null && projectId < place.projectId) continue;
      const stretch = stretchOf(before, part);
      let after = stretch && (place?.projectId === projectId ? place.runId : stretch.after);
      while (stretch && after !== null) {
        const found: Window = await this.runs.window(
          { projectId, part, before: stretch.before, after },
          limit + 1 - items.length,
        );
        for (const { runId, bytes } of found.candidates)
          items.push({ runId, projectId, startedAt: toInstant(timeOfRunId(runId)), bytes });
        if (items.length > limit) {
          const last = items[limit - 1]!;
          return { items: items.slice(0, limit), next: { projectId: last.projectId, runId: last.runId } };
        }
        after = found.next;
        await setImmediate();
      }
    }
    return { items, next: null };
  }

  private async tally(projectId: string, part: Part, before: ProjectPlan['before']): Promise<Tally> {
    const end = before[part];
    const startedBefore = end === null ? null : toInstant(timeOfRunId(end));
    const tally: Tally = { startedBefore, runs: 0, bytes: 0, isAtLeast: false };
    const stretch = stretchOf(before, part);
    let after = stretch && stretch.after;
    while (stretch && after !== null) {
      const found: Window = await this.runs.window(
        { projectId, part, before: stretch.before, after },
        COUNTED_RUNS,
      );
      const { candidates, next } = found;
      tally.runs += candidates.length;
      for (const { bytes } of candidates) tally.bytes += bytes;
      after = next;
      tally.isAtLeast = after !== null && tally.runs >= COUNTED_RUNS;
      if (tally.isAtLeast) break;
      await setImmediate(); // a window takes some milliseconds
    }
    return tally;
  }
}
