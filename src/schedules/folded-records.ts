import type { Instant } from '../clock/clock';
import type { ScheduleOutcome, ScheduleRecord } from './schedule-record';

/** Neighbouring due times of a schedule with the same outcome. */
export interface FoldedRecord {
  projectId: string;
  schedule: string;
  outcome: ScheduleOutcome;
  firstDueAt: Instant;
  lastDueAt: Instant;
  count: number;
  runId: string | null;
  reason: string | null;
  detail: string | null;
}

/**
 * Joins neighbouring records of each schedule that have the same outcome and reason. Starts stay apart: each has its run.
 * @param records newest first
 * @returns newest first
 */
export function foldedRecords(records: readonly ScheduleRecord[]): FoldedRecord[] {
  const folded: FoldedRecord[] = [];
  const latest = new Map<string, FoldedRecord>();
  for (const { projectId, schedule, outcome, dueAt, until, count, runId, reason, detail } of records) {
    const key = `${projectId}/${schedule}`;
    const newer = latest.get(key);
    if (newer?.outcome === outcome && newer.reason === reason && outcome !== 'started') {
      newer.firstDueAt = dueAt;
      newer.count += count;
      continue;
    }
    const lastDueAt = until ?? dueAt;
    const row = { projectId, schedule, outcome, firstDueAt: dueAt, lastDueAt, count, runId, reason, detail };
    latest.set(key, row);
    folded.push(row);
  }
  return folded;
}
