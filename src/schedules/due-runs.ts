import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../clock/clock';
import { StorageError } from '../database/storage-error';
import { JobatoError } from '../http/catalogue';
import { OccasionUsed } from '../runs/run-starter';
import { RunsService } from '../runs/runs.service';
import { duePlan } from './due-plan';
import { Pauses } from './pauses';
import { ScheduleMetrics } from './schedule.metrics';
import type { ScheduleOutcome } from './schedule-record';
import { ScheduleRepository } from './schedule.repository';
import type { TrackedSchedule } from './tracked-schedule';

/** What happened to a start: it has a record, or it must be tried again. */
type Attempt =
  { isRecorded: true; outcome: ScheduleOutcome } | { isRecorded: false; code: string; detail: string };

/** Settles due times: starts their runs, and records each of them. */
@Injectable()
export class DueRuns {
  private readonly logger = new Logger('Schedules');

  constructor(
    private readonly runs: RunsService,
    private readonly repository: ScheduleRepository,
    private readonly pauses: Pauses,
    private readonly metrics: ScheduleMetrics,
    private readonly clock: Clock,
  ) {}

  /**
   * Records all due times of a schedule up to now, and starts a run for the newest one if that is allowed. Without a
   * record, for example because the storage failed, a due time stays due.
   * @param aliveSinceMs since when this server has started runs at their due times
   */
  async settle(schedule: TrackedSchedule, nowMs: number, aliveSinceMs: number): Promise<void> {
    const { key, cron, entry, afterMs, attemptedMs } = schedule;
    const { passed, startMs } = duePlan({
      schedule: cron,
      projectId: key.projectId,
      afterMs,
      nowMs,
      aliveSinceMs,
      attemptedMs,
      catchUp: entry.catchUp,
      pauses: this.pauses.all,
    });
    if (passed.length > 0) {
      await this.repository.recordPassed({ key, passed, recordedAt: this.clock.now() });
      for (const { outcome, older, single } of passed) {
        const count = (older?.count ?? 0) + single.length;
        this.metrics.recorded(outcome, count);
        if (outcome === 'missed') this.logger.warn({ ...key, msg: `Schedule missed ${count} due times` });
      }
      schedule.moveTo(passed.at(-1)!.single.at(-1)!);
    }
    if (startMs !== null) await this.start(schedule, startMs);
  }

  private async start(schedule: TrackedSchedule, dueMs: number): Promise<void> {
    const { key } = schedule;
    schedule.attemptedMs = dueMs;
    const attempt = await this.attempt(schedule, dueMs);
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
  private async attempt({ key, entry }: TrackedSchedule, dueMs: number): Promise<Attempt> {
    const occasion = this.repository.occasion(key, dueMs, () => this.clock.now());
    const { scope, params } = entry;
    try {
      const starter = { name: key.schedule, occasion };
      await this.runs.trigger(key.projectId, { scope, params, triggeredBy: 'schedule' }, starter);
      return { isRecorded: true, outcome: 'started' };
    } catch (error) {
      if (error instanceof StorageError) throw error;
      if (error instanceof OccasionUsed) return { isRecorded: true, outcome: 'started' };
      if (error instanceof JobatoError) {
        return error.code === 'RUN_IN_PROGRESS'
          ? { isRecorded: true, outcome: 'skipped-busy' }
          : { isRecorded: false, code: error.code, detail: error.detail };
      }
      this.logger.error({ ...key, msg: `Schedule failed: ${(error as Error).stack ?? String(error)}` });
      return { isRecorded: false, code: 'INTERNAL', detail: 'Internal server error. The log has details.' };
    }
  }
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
