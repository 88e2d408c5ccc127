import { Injectable } from '@nestjs/common';
import { toInstant } from '../clock/clock';
import { parseCron } from '../cron/cron-expression';
import type { ScheduleEntry } from '../projects/project';
import { ProjectCatalogue } from '../projects/project-catalogue';
import { FULL_SCOPE } from '../projects/scope';
import type { ScheduleStateEntity } from './schedule.entities';
import { ScheduleRepository } from './schedule.repository';
import { TrackedSchedule } from './tracked-schedule';

/** The schedules that are waited for: those of the project files, and those of files that cannot be read now. */
@Injectable()
export class ScheduleBook {
  private readonly tracked = new Map<string, TrackedSchedule>();

  constructor(
    private readonly repository: ScheduleRepository,
    private readonly projects: ProjectCatalogue,
  ) {}

  all(): TrackedSchedule[] {
    return [...this.tracked.values()];
  }

  find(projectId: string, schedule: string): TrackedSchedule | null {
    return this.tracked.get(keyOf(projectId, schedule)) ?? null;
  }

  /** Loads the schedules that earlier processes followed. An expression that was edited in between is the earlier one. */
  async load(): Promise<void> {
    const entries = this.enabledEntries();
    for (const state of await this.repository.allStates()) {
      const key = keyOf(state.projectId, state.schedule);
      const current = entries.get(key)?.entry;
      const isSame = current?.cron === state.cron && current.timeZone === state.timeZone;
      const entry = isSame ? current : entryOf(state);
      if (entry === null) continue;
      this.tracked.set(key, new TrackedSchedule(state.projectId, entry, Date.parse(state.recordedUntil)));
    }
  }

  /** Follows the project files. New schedules, and the times of edited ones, count from now on. */
  async follow(nowMs: number): Promise<void> {
    const entries = this.enabledEntries();
    const changed: Promise<void>[] = [];
    for (const [key, { projectId, entry }] of entries) {
      const known = this.tracked.get(key);
      // A due time that is being settled belongs to the known entry.
      if (known?.entry === entry || known?.settling) continue;
      const next = known?.with(entry, nowMs) ?? new TrackedSchedule(projectId, entry, nowMs);
      changed.push(this.keep(key, next));
    }
    for (const [key, { key: schedule, settling }] of this.tracked) {
      if (!entries.has(key) && !settling && this.isRemoved(schedule.projectId))
        changed.push(this.drop(key, schedule));
    }
    await Promise.all(changed);
  }

  private async keep(key: string, tracked: TrackedSchedule): Promise<void> {
    await this.repository.store(stateOf(tracked));
    this.tracked.set(key, tracked);
  }

  private async drop(key: string, schedule: TrackedSchedule['key']): Promise<void> {
    await this.repository.remove(schedule);
    this.tracked.delete(key);
  }

  /** Returns whether the project has no such schedule. A file that cannot be read may define it. */
  private isRemoved(projectId: string): boolean {
    return this.projects.find(projectId) !== null || this.projects.problems().length === 0;
  }

  private enabledEntries(): Map<string, { projectId: string; entry: ScheduleEntry }> {
    const entries = new Map<string, { projectId: string; entry: ScheduleEntry }>();
    for (const { definition } of this.projects.list()) {
      const { projectId } = definition;
      for (const entry of definition.schedules) {
        if (entry.isEnabled) entries.set(keyOf(projectId, entry.name), { projectId, entry });
      }
    }
    return entries;
  }
}

function keyOf(projectId: string, schedule: string): string {
  return `${projectId}/${schedule}`;
}

/** Returns a stored schedule as an entry; null if this version does not support its expression. */
function entryOf({ schedule, cron, timeZone }: ScheduleStateEntity): ScheduleEntry | null {
  if ('flaw' in parseCron(cron)) return null;
  return { name: schedule, cron, timeZone, scope: FULL_SCOPE, params: {}, catchUp: false, isEnabled: true };
}

function stateOf({ key, entry, afterMs }: TrackedSchedule): ScheduleStateEntity {
  const { cron, timeZone } = entry;
  return { ...key, cron, timeZone, recordedUntil: toInstant(afterMs), lastDueAt: null };
}
