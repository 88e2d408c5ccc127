import { type CronSchedule, nextDue, toCronSchedule } from '../cron/due-times';
import type { ScheduleEntry } from '../projects/project';
import type { ScheduleKey } from './schedule-record';

/** A schedule whose due times the scheduler waits for. */
export class TrackedSchedule {
  readonly key: ScheduleKey;
  readonly cron: CronSchedule;
  /** The due time at which a start failed because of the storage. It is tried again. */
  attemptedMs: number | null = null;
  /** Resolves when the due times before now have records; null while nothing is due. */
  settling: Promise<void> | null = null;
  private next: number;

  constructor(
    projectId: string,
    readonly entry: ScheduleEntry,
    /** The file that defines it, relative to the configuration folder; null if unknown. */
    readonly file: string | null,
    /** All due times up to this one have records. */
    private recordedUntilMs: number,
  ) {
    this.key = { projectId, schedule: entry.name };
    this.cron = toCronSchedule(entry.cron, entry.timeZone);
    this.next = nextDue(this.cron, recordedUntilMs);
  }

  get afterMs(): number {
    return this.recordedUntilMs;
  }

  /** The first due time without a record. */
  get nextMs(): number {
    return this.next;
  }

  moveTo(recordedUntilMs: number): void {
    this.recordedUntilMs = recordedUntilMs;
    this.next = nextDue(this.cron, recordedUntilMs);
    if (this.attemptedMs !== null && this.attemptedMs <= recordedUntilMs) this.attemptedMs = null;
  }

  /** Returns whether another entry has the same due times. */
  hasTimesOf({ cron, timeZone }: Pick<ScheduleEntry, 'cron' | 'timeZone'>): boolean {
    return this.entry.cron === cron && this.entry.timeZone === timeZone;
  }
}
