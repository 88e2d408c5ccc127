import type { ScheduleEntry } from '../../projects/project';
import { shownScheduleName } from '../../projects/schedule-name';
import type { FoldedRecord } from '../../schedules/folded-records';
import type { Pause } from '../../schedules/pause';
import type { ScheduleOutcome } from '../../schedules/schedule-record';
import { numberText } from './number-text';
import { type TimeText, timeText, timeTextOrNull, timeTextWithSeconds } from './time-text';

interface OutcomeMark {
  tone: 'completed' | 'skipped' | 'failed';
  icon: string;
  word: string;
}

const OUTCOME_MARKS: Record<ScheduleOutcome, OutcomeMark> = {
  started: { tone: 'completed', icon: '●', word: 'Started' },
  'skipped-busy': { tone: 'skipped', icon: '–', word: 'Skipped: a run was in progress' },
  'skipped-paused': { tone: 'skipped', icon: '–', word: 'Skipped: schedules were paused' },
  'skipped-disabled': { tone: 'skipped', icon: '–', word: 'Skipped: the project was disabled' },
  missed: { tone: 'failed', icon: '!', word: 'Missed: the server was down or late' },
  refused: { tone: 'failed', icon: '✕', word: 'Not started' },
};

/** A due time, or several neighbouring ones, as a row. */
export interface ScheduleRecordText extends OutcomeMark {
  /** Null for a single, unnamed schedule. */
  schedule: string | null;
  due: TimeText;
  /** The first of several due times. */
  from: TimeText | null;
  /** How many due times, as text; null for one. */
  count: string | null;
  detail: string | null;
  runId: string | null;
}

export function scheduleRecordText(record: FoldedRecord): ScheduleRecordText {
  const isOne = record.count === 1;
  const isToTheMinute = [record.firstDueAt, record.lastDueAt].every((due) => Date.parse(due) % 60_000 === 0);
  const dueText = isToTheMinute ? timeText : timeTextWithSeconds;
  return {
    ...OUTCOME_MARKS[record.outcome],
    schedule: shownScheduleName(record.schedule),
    due: dueText(record.lastDueAt),
    from: isOne ? null : dueText(record.firstDueAt),
    count: isOne ? null : numberText(record.count),
    detail: record.detail,
    runId: record.runId,
  };
}

export interface PauseText {
  since: TimeText;
  /** "by ada"; null if the user is unknown. */
  by: string | null;
  reason: string | null;
  until: TimeText | null;
}

export function pauseText({ pausedAt, pausedBy, reason, until }: Pause): PauseText {
  return {
    since: timeText(pausedAt),
    by: pausedBy === 'page' || pausedBy === 'api' ? null : pausedBy,
    reason,
    until: timeTextOrNull(until),
  };
}

/** Returns why a schedule starts nothing at its next due time; null if it does. */
export function scheduleStateText(
  { isEnabled }: Pick<ScheduleEntry, 'isEnabled'>,
  isProjectEnabled: boolean,
  isPaused: boolean,
): string | null {
  if (!isProjectEnabled) return 'Project disabled';
  if (!isEnabled) return 'Disabled';
  return isPaused ? 'Paused' : null;
}
