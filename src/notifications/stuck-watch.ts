import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Clock, elapsedMs, toInstant } from '../clock/clock';
import { RunRepository } from '../runs/run.repository';
import { RunViewBuilder } from '../runs/run-view-builder';
import { Ages } from './ages';
import { type ConditionWatch, ConditionWatches } from './condition-watch';
import type { OpenCondition } from './delivery';
import { factsOfRun } from './run-notices';
import { type ActiveRun, RunOutcomeRepository } from './run-outcome.repository';
import { WatchedProjects } from './watched-projects';

const UNCLAIMED_SECONDS = 300;
/** In addition to the time that the project allows for a stop. */
const STOPPING_SECONDS = 60;
/** Reasons to wait that end by themselves, such as busy slots, are not among them. */
const STUCK_CODES: ReadonlySet<string> = new Set(['no-worker-yet', 'not-yet-published', 'stopping']);

/** Finds runs that no worker takes, and runs that do not end although a stop was requested. */
@Injectable()
export class StuckWatch implements ConditionWatch, OnModuleInit {
  readonly kind = 'stuck';
  readonly everyMs = 5_000;
  private readonly ages: Ages;

  constructor(
    private readonly watches: ConditionWatches,
    private readonly active: RunOutcomeRepository,
    private readonly runs: RunRepository,
    private readonly views: RunViewBuilder,
    private readonly projects: WatchedProjects,
    private readonly clock: Clock,
  ) {
    this.ages = new Ages(clock);
  }

  onModuleInit(): void {
    this.watches.add(this);
  }

  async open(announced: readonly OpenCondition[]): Promise<OpenCondition[]> {
    const found: OpenCondition[] = [];
    const knownSince = new Map(announced.map(({ subject, facts }) => [subject, facts.condition?.since]));
    for (const run of await this.active.activeRuns()) {
      const project = this.projects.find(run.projectId, this.kind);
      const reason = project === null ? null : this.reasonOf(run, knownSince.get(run.runId));
      if (project === null || reason === null) continue;
      const whole = await this.runs.find(run.runId);
      const waiting = whole && (await this.views.waitingOf(whole));
      if (!whole || !waiting || !STUCK_CODES.has(waiting.code)) continue;
      const condition = { since: reason.since, limitSeconds: reason.limitSeconds, detail: waiting.code };
      found.push({
        kind: this.kind,
        subject: run.runId,
        projectId: run.projectId,
        runId: run.runId,
        facts: { ...factsOfRun(whole, project.name), at: this.clock.now(), condition },
      });
    }
    return found;
  }

  /**
   * Returns since when a run makes no progress, if that is too long.
   * @param announcedSince undefined if it is not announced
   */
  private reasonOf(
    run: ActiveRun,
    announcedSince: string | undefined,
  ): { since: string; limitSeconds: number } | null {
    const { runId, attempt, startedAt, claimedAt, cancelRequestedAt, stopGraceSeconds } = run;
    const now = this.clock.now();
    if (cancelRequestedAt !== null) {
      const limitSeconds = stopGraceSeconds + STOPPING_SECONDS;
      const ageMs = this.ages.ageMs(`${runId} stop`, elapsedMs(cancelRequestedAt, now));
      return ageMs < limitSeconds * 1000 ? null : { since: cancelRequestedAt, limitSeconds };
    }
    if (claimedAt !== null) return null;
    // When a later attempt began to wait is not stored, so it counts from the first sight.
    const waitsSince = attempt === 1 ? startedAt : (announcedSince ?? now);
    const ageMs = this.ages.ageMs(`${runId} ${attempt}`, elapsedMs(waitsSince, now));
    if (ageMs < UNCLAIMED_SECONDS * 1000) return null;
    const since = attempt === 1 ? startedAt : toInstant(Date.parse(now) - ageMs);
    return { since, limitSeconds: UNCLAIMED_SECONDS };
  }
}
