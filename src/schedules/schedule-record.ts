import type { Instant } from '../clock/clock';

export const SCHEDULE_OUTCOMES = [
  'started',
  'skipped-busy',
  'skipped-paused',
  'skipped-disabled',
  'missed',
  'refused',
] as const;
export type ScheduleOutcome = (typeof SCHEDULE_OUTCOMES)[number];

/** Identifies a schedule. */
export interface ScheduleKey {
  projectId: string;
  /** The name of the entry in the project file. */
  schedule: string;
}

/** How a due time of a schedule ended. There is exactly one record for each due time. */
export interface ScheduleRecord extends ScheduleKey {
  dueAt: Instant;
  outcome: ScheduleOutcome;
  /** The run that was started; null unless `started`. */
  runId: string | null;
  /** The error code of a refused start; null for other outcomes. */
  reason: string | null;
  /** The message that a caller of the API would have received with that error. */
  detail: string | null;
  /** The last due time of a record that stands for several; null for one. */
  until: Instant | null;
  /** How many due times the record stands for. */
  count: number;
  recordedAt: Instant;
}

/**
 * How many due times of a schedule have a record of their own, by outcome. Older ones share one. Starts are not in the
 * list: their records are deleted with their runs.
 */
export const SINGLE_RECORDS: Record<Exclude<ScheduleOutcome, 'started'>, number> = {
  missed: 1_000,
  'skipped-busy': 10_000,
  'skipped-paused': 1_000,
  'skipped-disabled': 1_000,
  refused: 1_000,
};
