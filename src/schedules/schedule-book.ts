import { Injectable, Logger } from '@nestjs/common';
import { toInstant } from '../clock/clock';
import type { JobatoError } from '../http/problem-catalogue';
import { parseCron } from '../cron/cron-expression';
import { timeZoneName } from '../cron/time-zone-name';
import type { ScheduleEntry } from '../projects/project';
import { type KnownProject, ProjectCatalogue } from '../projects/project-catalogue';
import { FULL_SCOPE } from '../projects/scope';
import type { ScheduleStateEntity } from './schedule.entities';
import { ScheduleRepository } from './schedule.repository';
import type { ScheduleKey } from './schedule-record';
import { TrackedSchedule } from './tracked-schedule';

/** What the project files say about a schedule that is followed. */
export type EntryNow =
  /** With the same due times. */
  | { is: 'valid'; entry: ScheduleEntry }
  /** With other due times. */
  | { is: 'edited' }
  | { is: 'removed' }
  /** Its file cannot be read or is invalid, and there is no last valid version. */
  | { is: 'unreadable'; refusal: JobatoError };

/** The schedules that are waited for: those of the project files, and those of files that cannot be read now. */
@Injectable()
export class ScheduleBook {
  private readonly logger = new Logger('Schedules');
  private readonly tracked = new Map<string, TrackedSchedule>();

  constructor(
    private readonly repository: ScheduleRepository,
    private readonly projects: ProjectCatalogue,
  ) {}

  all(): TrackedSchedule[] {
    return [...this.tracked.values()];
  }

  /** Loads the schedules that earlier processes followed, with the expression that applied then. */
  async load(): Promise<void> {
    for (const state of await this.repository.allStates()) {
      const { projectId, schedule, cron, timeZone, file } = state;
      const current = this.entryOf(state);
      const isSame = current?.cron === cron && current.timeZone === timeZone;
      const entry = isSame ? current : storedEntry(state);
      if (entry === null) {
        this.logger.error({
          projectId,
          schedule,
          msg: `Schedule ignored: "${cron}" in ${timeZone} is not supported`,
        });
        continue;
      }
      const tracked = new TrackedSchedule(projectId, entry, file, Date.parse(state.recordedUntil));
      this.tracked.set(keyOf(state), tracked);
    }
  }

  /** Returns what the files say about a schedule, as they are now: changes made before this call count. */
  async readAgain({ key, file, entry: known }: TrackedSchedule): Promise<EntryNow> {
    await this.projects.reloadFor(key.projectId);
    const entry = this.entryOf(key);
    if (entry === null) {
      return this.isRemoved(key.projectId, file)
        ? { is: 'removed' }
        : { is: 'unreadable', refusal: this.projects.notFound(key.projectId, file) };
    }
    const isSame = entry.cron === known.cron && entry.timeZone === known.timeZone;
    return isSame ? { is: 'valid', entry } : { is: 'edited' };
  }

  /** Follows the project files. New schedules, and the times of edited ones, count from now on. */
  async follow(nowMs: number): Promise<void> {
    const entries = this.enabledEntries();
    const changed: Promise<void>[] = [];
    for (const [key, { project, entry }] of entries) {
      const known = this.tracked.get(key);
      // A due time that is being settled looks at the file itself.
      if (known?.entry === entry || known?.settling) continue;
      const isSame = known?.hasTimesOf(entry) === true;
      const fromMs = isSame ? known.afterMs : nowMs;
      const next = new TrackedSchedule(project.definition.projectId, entry, project.file, fromMs);
      if (isSame) next.attemptedMs = known.attemptedMs;
      changed.push(this.keep(key, next));
    }
    for (const [key, { key: schedule, file, settling }] of this.tracked) {
      if (!entries.has(key) && !settling && this.isRemoved(schedule.projectId, file))
        changed.push(this.drop(schedule));
    }
    await Promise.all(changed);
  }

  /** Follows the file of one schedule that is not what it was. Its times count from now on. */
  async replace({ key }: TrackedSchedule, nowMs: number): Promise<void> {
    const project = this.projects.find(key.projectId);
    const entry = this.entryOf(key);
    if (project === null || entry === null) return this.drop(key);
    await this.keep(keyOf(key), new TrackedSchedule(key.projectId, entry, project.file, nowMs));
  }

  private async keep(key: string, tracked: TrackedSchedule): Promise<void> {
    await this.repository.store(stateOf(tracked));
    this.tracked.set(key, tracked);
  }

  private async drop(key: ScheduleKey): Promise<void> {
    await this.repository.remove(key);
    this.tracked.delete(keyOf(key));
  }

  /** Returns whether the project has no such schedule. A file that cannot be read may still define it. */
  private isRemoved(projectId: string, file: string | null): boolean {
    if (this.projects.find(projectId) !== null) return true;
    const problems = this.projects.problems();
    if (this.projects.trouble !== null) return false;
    return file === null ? problems.length === 0 : !problems.some((problem) => problem.file === file);
  }

  /** Returns the enabled entry of the project file; null if there is none. */
  private entryOf({ projectId, schedule }: ScheduleKey): ScheduleEntry | null {
    const entries = this.projects.find(projectId)?.definition.schedules ?? [];
    return entries.find(({ name, isEnabled }) => name === schedule && isEnabled) ?? null;
  }

  private enabledEntries(): Map<string, { project: KnownProject; entry: ScheduleEntry }> {
    const entries = new Map<string, { project: KnownProject; entry: ScheduleEntry }>();
    for (const project of this.projects.list()) {
      const { projectId, schedules } = project.definition;
      for (const entry of schedules) {
        if (entry.isEnabled) entries.set(keyOf({ projectId, schedule: entry.name }), { project, entry });
      }
    }
    return entries;
  }
}

function keyOf({ projectId, schedule }: ScheduleKey): string {
  return `${projectId}/${schedule}`;
}

/** Returns a stored schedule as an entry; null if this version does not support its expression or its zone. */
function storedEntry({ schedule, cron, timeZone }: ScheduleStateEntity): ScheduleEntry | null {
  if ('flaw' in parseCron(cron) || timeZoneName(timeZone) === null) return null;
  return { name: schedule, cron, timeZone, scope: FULL_SCOPE, params: {}, catchUp: false, isEnabled: true };
}

function stateOf({ key, entry, file, afterMs }: TrackedSchedule): ScheduleStateEntity {
  const { cron, timeZone } = entry;
  return { ...key, cron, timeZone, file, recordedUntil: toInstant(afterMs), lastDueAt: null };
}
