import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Clock, elapsedMs, type Instant } from '../clock/clock';
import { Ages } from './ages';
import { type ConditionWatch, ConditionWatches } from './condition-watch';
import type { OpenCondition } from './delivery';
import { RunOutcomeRepository } from './run-outcome.repository';
import { WatchedProjects } from './watched-projects';

/**
 * Finds projects without a completed run for too long. A project that never completed counts from its first run, and one
 * that never ran from the start of the server. What was announced keeps its beginning: after a restart, or when the
 * first runs are deleted, these would be later.
 */
@Injectable()
export class StaleWatch implements ConditionWatch, OnModuleInit {
  readonly kind = 'stale';
  readonly everyMs = 15_000;
  private readonly ages: Ages;
  private readonly startedAt: Instant;

  constructor(
    private readonly watches: ConditionWatches,
    private readonly outcomes: RunOutcomeRepository,
    private readonly projects: WatchedProjects,
    private readonly clock: Clock,
  ) {
    this.ages = new Ages(clock);
    this.startedAt = clock.now();
  }

  onModuleInit(): void {
    this.watches.add(this);
  }

  async open(announced: readonly OpenCondition[]): Promise<OpenCondition[]> {
    const found: OpenCondition[] = [];
    const knownSince = new Map(announced.map(({ subject, facts }) => [subject, facts.condition?.since]));
    for (const { projectId, name, isEnabled, notifications } of this.projects.all(this.kind)) {
      const limitSeconds = notifications.expectSuccessEverySeconds;
      if (limitSeconds === null || !isEnabled) continue;
      const { lastSuccessAt, firstStartAt } = await this.outcomes.past(projectId);
      const since = lastSuccessAt ?? knownSince.get(projectId) ?? firstStartAt ?? this.startedAt;
      const now = this.clock.now();
      if (this.ages.ageMs(`${projectId} ${since}`, elapsedMs(since, now)) < limitSeconds * 1000) continue;
      const detail = lastSuccessAt === null ? 'never' : null;
      found.push({
        kind: this.kind,
        subject: projectId,
        projectId,
        runId: null,
        facts: { at: now, projectName: name, run: null, condition: { since, limitSeconds, detail } },
      });
    }
    return found;
  }
}
