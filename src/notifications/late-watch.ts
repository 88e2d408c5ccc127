import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Clock, elapsedMs } from '../clock/clock';
import type { ProjectDefinition } from '../projects/project';
import { RunRepository } from '../runs/run.repository';
import { Pauses } from '../schedules/pauses';
import { ScheduleRepository } from '../schedules/schedule.repository';
import { type ConditionWatch, ConditionWatches } from './condition-watch';
import type { OpenCondition } from './delivery';
import { WatchedProjects } from './watched-projects';

/**
 * Finds schedules that were due and have started no run since: the previous run was still active, the start was refused
 * or missed. Any later run of the project settles them. Nothing is late while schedules are paused, or disabled.
 */
@Injectable()
export class LateWatch implements ConditionWatch, OnModuleInit {
  readonly kind = 'late';
  readonly everyMs = 15_000;

  constructor(
    private readonly watches: ConditionWatches,
    private readonly schedules: ScheduleRepository,
    private readonly pauses: Pauses,
    private readonly runs: RunRepository,
    private readonly projects: WatchedProjects,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.watches.add(this);
  }

  async open(): Promise<OpenCondition[]> {
    const found: OpenCondition[] = [];
    for (const project of this.projects.all(this.kind)) {
      if (!project.isEnabled || this.pauses.ofProject(project.projectId) !== null) continue;
      if (project.schedules.some(({ isEnabled }) => isEnabled)) found.push(...(await this.lateOf(project)));
    }
    return found;
  }

  private async lateOf({
    projectId,
    name,
    schedules,
    notifications,
  }: ProjectDefinition): Promise<OpenCondition[]> {
    const newest = await this.runs.current(projectId);
    const limitSeconds = notifications.lateAfterSeconds;
    const found: OpenCondition[] = [];
    for (const entry of schedules) {
      if (!entry.isEnabled) continue;
      const since = await this.schedules.oldestUnstarted(projectId, entry.name, newest?.startedAt ?? '');
      const now = this.clock.now();
      if (since === null || elapsedMs(since, now) < limitSeconds * 1000) continue;
      found.push({
        kind: this.kind,
        subject: `${projectId}/${entry.name}`,
        projectId,
        runId: null,
        facts: { at: now, projectName: name, run: null, condition: { since, limitSeconds, detail: null } },
      });
    }
    return found;
  }
}
