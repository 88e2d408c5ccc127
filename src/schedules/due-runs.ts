import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../clock/clock';
import { StorageError } from '../database/storage-error';
import { JobatoError } from '../http/problem-catalogue';
import { OccasionUsed } from '../runs/run-starter';
import { RunsService } from '../runs/runs.service';
import type { ScheduleEntry } from '../projects/project';
import { duePlan, type PassedDues, passedDues } from './due-plan';
import { MissedLog } from './missed-log';
import { OneByOne } from './one-by-one';
import { Pauses } from './pauses';
import { ScheduleBook } from './schedule-book';
import { ScheduleMetrics } from './schedule.metrics';
import type { ScheduleKey, ScheduleOutcome } from './schedule-record';
import { ScheduleRepository } from './schedule.repository';
import type { TrackedSchedule } from './tracked-schedule';

/** What happened to a start: its record was written, it was refused, or the due time had a record before. */
type Attempt =
  | { isRecorded: true; outcome: ScheduleOutcome }
  | { isRecorded: false; code: string; detail: string }
  | 'used';

/** Records of more due times at once are written one schedule after another, so that other writes come in between. */
const FEW = 20;

/** Settles due times: starts their runs, and records each of them. */
@Injectable()
export class DueRuns {
  private readonly logger = new Logger('Schedules');
  private readonly longRecords = new OneByOne();
  private readonly missed = new MissedLog(this.logger);

  constructor(
    private readonly runs: RunsService,
    private readonly book: ScheduleBook,
    private readonly repository: ScheduleRepository,
    private readonly pauses: Pauses,
    private readonly metrics: ScheduleMetrics,
    private readonly clock: Clock,
  ) {}

  /**
   * Records all due times of a schedule up to now, and starts a run for the newest one if that is allowed. Without a
   * record, for example because the storage failed, a due time stays due. Looks at the project file first, so that no
   * due time follows an entry that was edited or disabled before it.
   * @param aliveSinceMs since when this server has started runs at their due times
   */
  async settle(schedule: TrackedSchedule, nowMs: number, aliveSinceMs: number): Promise<void> {
    const now = await this.book.readAgain(schedule);
    if (now.is === 'edited' || now.is === 'removed') {
      // Due times of an outage follow the expression that applied before it.
      const lastMs = Math.min(aliveSinceMs, nowMs);
      if (now.is === 'edited') await this.recordPassed(schedule, this.passedUntil(schedule, lastMs));
      await this.book.replace(schedule, nowMs);
      return;
    }
    const { key, cron, afterMs, attemptedMs } = schedule;
    const { passed, startMs } = duePlan({
      schedule: cron,
      afterMs,
      nowMs,
      aliveSinceMs,
      attemptedMs,
      catchUp: now.is === 'valid' && now.entry.catchUp,
      isPaused: this.pauses.ofProject(key.projectId) !== null,
      pauses: this.pauses.explaining(key.projectId),
    });
    // Set before the first write, which may fail.
    if (startMs !== null) schedule.attemptedMs = startMs;
    await this.recordPassed(schedule, passed);
    if (startMs === null) return;
    const attempt = now.is === 'valid' ? await this.attempt(key, now.entry, startMs) : asRefusal(now.refusal);
    await this.settleStart(schedule, startMs, attempt);
  }

  private passedUntil({ cron, key, afterMs }: TrackedSchedule, lastMs: number): PassedDues[] {
    return afterMs < lastMs ? passedDues(cron, afterMs, lastMs, this.pauses.explaining(key.projectId)) : [];
  }

  private async recordPassed(schedule: TrackedSchedule, passed: PassedDues[]): Promise<void> {
    if (passed.length === 0) return;
    const { key } = schedule;
    await this.longRecords.run(
      passed.some(({ single }) => single.length > FEW),
      () => this.repository.recordPassed({ key, passed, recordedAt: this.clock.now() }),
    );
    for (const { outcome, older, single } of passed) {
      const count = (older?.count ?? 0) + single.length;
      this.metrics.recorded(outcome, count);
      if (outcome === 'missed') this.missed.add(count);
    }
    schedule.moveTo(passed.at(-1)!.single.at(-1)!);
  }

  private async settleStart(schedule: TrackedSchedule, dueMs: number, attempt: Attempt): Promise<void> {
    const { key } = schedule;
    if (attempt === 'used') {
      schedule.moveTo(dueMs);
      return;
    }
    let outcome: ScheduleOutcome | null;
    if (attempt.isRecorded) {
      ({ outcome } = attempt);
    } else {
      const { code: reason, detail } = attempt;
      outcome = outcomeOf(reason);
      if (outcome === null) return; // still due
      await this.repository.recordRefusal({
        ...key,
        dueMs,
        outcome,
        reason,
        detail,
        recordedAt: this.clock.now(),
      });
      this.logger.warn({ ...key, msg: `Schedule could not start a run: ${detail}` });
    }
    this.metrics.recorded(outcome);
    this.metrics.delayed(this.clock.nowMs() - dueMs);
    schedule.moveTo(dueMs);
  }

  /** @throws StorageError */
  private async attempt(key: ScheduleKey, entry: ScheduleEntry, dueMs: number): Promise<Attempt> {
    const occasion = this.repository.occasion(key, dueMs, () => this.clock.now());
    const { scope, params } = entry;
    try {
      const starter = { name: key.schedule, occasion };
      await this.runs.trigger(key.projectId, { scope, params, triggeredBy: 'schedule' }, starter);
      return { isRecorded: true, outcome: 'started' };
    } catch (error) {
      if (error instanceof StorageError) throw error;
      if (error instanceof OccasionUsed) return 'used';
      if (error instanceof JobatoError) {
        return error.code === 'RUN_IN_PROGRESS'
          ? { isRecorded: true, outcome: 'skipped-busy' }
          : asRefusal(error);
      }
      this.logger.error({ ...key, msg: `Schedule failed: ${(error as Error).stack ?? String(error)}` });
      return { isRecorded: false, code: 'INTERNAL', detail: 'Internal server error. The log has details.' };
    }
  }
}

function asRefusal({ code, detail }: JobatoError): Attempt {
  return { isRecorded: false, code, detail };
}

/** Returns the outcome of a refused start; null if the due time must wait until the server can start runs again. */
function outcomeOf(code: string): ScheduleOutcome | null {
  switch (code) {
    case 'SHUTTING_DOWN':
    case 'STORAGE_FULL':
    case 'STORAGE_UNAVAILABLE':
      return null;
    case 'PROJECT_DISABLED':
      return 'skipped-disabled';
    default:
      return 'refused';
  }
}
