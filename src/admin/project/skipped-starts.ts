import { type Instant, toInstant } from '../../clock/clock';
import type { HistoryFilter } from '../../history/history-filter';
import type { HistoryPage } from '../../history/run-history.repository';
import type { Run } from '../../runs/run';
import { timeOfRunId } from '../../runs/run-id';
import { foldedRecords } from '../../schedules/folded-records';
import type { ScheduleRecord } from '../../schedules/schedule-record';
import { type ScheduleRecordText, scheduleRecordText } from '../words/schedule-words';
import type { HistoryQuery } from './history-query';

/** The due times of schedules that started no run, between the runs of a history page. */
export interface SkippedStarts {
  /** Newest first. */
  records: ScheduleRecord[];
  /** True if there are more records than a page reads. */
  isCut: boolean;
}

/** The maximum number of records that a page reads; the API returns all. */
export const MAX_SKIPPED = 2_000;

export const NOTHING_SKIPPED: SkippedStarts = { records: [], isCut: false };

/** A due time, or several, as a row between runs. */
export interface SkippedRow extends Omit<ScheduleRecordText, 'runId'> {
  /** The same while neighbouring due times are added. */
  id: string;
}

/** A filter on members of runs leaves due times without a run out, except for those of schedules. */
export function showsSkipped({ status, scope, triggeredBy, triggeredByName, search }: HistoryQuery): boolean {
  const isOfSchedules = triggeredBy === null || triggeredBy === 'schedule';
  return isOfSchedules && [status, scope, triggeredByName, search].every((value) => value === null);
}

/**
 * Returns the due times that belong to a page: each to exactly one, from the oldest run of the page up to that of the
 * newer page. The newest page has all later ones, and the oldest page all earlier ones. The bounds are the times in the
 * ids of the runs, because these never go back, unlike starts after a change of the clock.
 */
export function skippedRange(
  { above, olderThan }: Pick<HistoryPage, 'above' | 'olderThan'>,
  { fromMs, toMs }: Pick<HistoryFilter, 'fromMs' | 'toMs'>,
): { from: Instant | null; before: Instant | null } {
  const from = Math.max(fromMs ?? -Infinity, olderThan === null ? -Infinity : timeOfRunId(olderThan));
  const before = Math.min(
    toMs === undefined ? Infinity : toMs + 1,
    above === null ? Infinity : timeOfRunId(above),
  );
  return {
    from: Number.isFinite(from) ? toInstant(from) : null,
    before: Number.isFinite(before) ? toInstant(before) : null,
  };
}

/** Returns the rows above each run, and last those below all runs. Neighbours without a run between them are one row. */
export function skippedRows(runs: readonly Pick<Run, 'runId'>[], records: ScheduleRecord[]): SkippedRow[][] {
  const starts = runs.map(({ runId }) => timeOfRunId(runId));
  const gaps: ScheduleRecord[][] = Array.from({ length: runs.length + 1 }, () => []);
  let gap = 0;
  for (const record of records) {
    while (gap < starts.length && starts[gap]! > Date.parse(record.dueAt)) gap += 1;
    gaps[gap]!.push(record);
  }
  return gaps.map((each) =>
    foldedRecords(each).map((record) => {
      const { runId: _none, ...text } = scheduleRecordText(record);
      return { id: `due-${record.schedule}-${Date.parse(record.firstDueAt)}`, ...text };
    }),
  );
}
