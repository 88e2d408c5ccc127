import { Injectable, type OnModuleInit } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { Clock, elapsedMs } from '../clock/clock';
import { RunHistoryRepository } from '../history/run-history.repository';
import { ALIKE_RUNS, usualMs } from '../history/usual-duration';
import { RunRepository } from '../runs/run.repository';
import { Ages } from './ages';
import { type ConditionWatch, ConditionWatches } from './condition-watch';
import type { OpenCondition } from './delivery';
import { factsOfRun } from './run-notices';
import { type ActiveRun, RunOutcomeRepository } from './run-outcome.repository';
import { WatchedProjects } from './watched-projects';

/** A run is long after this many typical durations, but not before a minute: short runs vary. */
const TYPICAL_FACTOR = 3;
const MIN_SECONDS = 60;

/** Finds runs that take longer than the project allows, or than such runs typically take. */
@Injectable()
export class LongWatch implements ConditionWatch, OnModuleInit {
  readonly kind = 'long';
  readonly everyMs = 5_000;
  private readonly ages: Ages;
  /** Typical milliseconds by run id: they cannot change while the run is active. */
  private readonly typical = new LRUCache<string, { ms: number | null }>({ max: 5_000 });

  constructor(
    private readonly watches: ConditionWatches,
    private readonly active: RunOutcomeRepository,
    private readonly history: RunHistoryRepository,
    private readonly runs: RunRepository,
    private readonly projects: WatchedProjects,
    private readonly clock: Clock,
  ) {
    this.ages = new Ages(clock);
  }

  onModuleInit(): void {
    this.watches.add(this);
  }

  async open(): Promise<OpenCondition[]> {
    const found: OpenCondition[] = [];
    for (const run of await this.active.activeRuns()) {
      const project = this.projects.find(run.projectId, this.kind);
      if (project === null) continue;
      const now = this.clock.now();
      const ageMs = this.ages.ageMs(run.runId, elapsedMs(run.startedAt, now));
      const { longAfterSeconds } = project.notifications;
      const limitSeconds = longAfterSeconds ?? (await this.typicalLimit(run));
      if (limitSeconds === null || ageMs < limitSeconds * 1000) continue;
      const whole = await this.runs.find(run.runId);
      if (whole === null) continue;
      const condition = { since: run.startedAt, limitSeconds, detail: null };
      found.push({
        kind: this.kind,
        subject: run.runId,
        projectId: run.projectId,
        runId: run.runId,
        facts: { ...factsOfRun(whole, project.name), at: now, condition },
      });
    }
    return found;
  }

  private async typicalLimit(run: ActiveRun): Promise<number | null> {
    let known = this.typical.get(run.runId);
    if (known === undefined) {
      known = { ms: usualMs(await this.history.alike(run, ALIKE_RUNS)) };
      this.typical.set(run.runId, known);
    }
    return known.ms === null ? null : Math.max(MIN_SECONDS, (TYPICAL_FACTOR * known.ms) / 1000);
  }
}
