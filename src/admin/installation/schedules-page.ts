import { toInstant } from '../../clock/clock';
import type { ScheduleEntry } from '../../projects/project';
import { foldedRecords } from '../../schedules/folded-records';
import { ALL_PROJECTS, type Pause } from '../../schedules/pause';
import type { ScheduleRecord } from '../../schedules/schedule-record';
import { shownScheduleName } from '../../projects/schedule-name';
import { numberText } from '../words/number-text';
import { type PauseText, pauseText, scheduleRecordText, scheduleStateText } from '../words/schedule-words';
import { type TimeText, timeText } from '../words/time-text';

/** The maximum number of rows of each table; the API returns all. */
export const SHOWN_SCHEDULES = 200;

/** A schedule with its due times from now on. */
export interface UpcomingSchedule {
  projectId: string;
  projectName: string;
  entry: ScheduleEntry;
  isProjectEnabled: boolean;
  /** In milliseconds since 1970; null while it is disabled. */
  nextMs: number | null;
  /** Counts the due times in the next 24 hours. Called for rows that are shown. */
  inDay: () => number;
}

export interface SchedulesPage {
  /** The pause of all projects; null if there is none. */
  pausedAll: PauseText | null;
  schedules: ScheduleRow[];
  moreSchedules: string | null;
  records: RecordRow[];
  areRecordsCut: boolean;
}

export interface ScheduleRow {
  projectName: string;
  href: string;
  name: string | null;
  cron: string;
  timeZone: string;
  /** Null while it is disabled. */
  next: TimeText | null;
  inDay: string;
  /** Why it starts nothing at its next due time; null if it does. */
  state: string | null;
}

export type RecordRow = ReturnType<typeof scheduleRecordText> & {
  projectName: string;
  href: string;
  run: { href: string; name: string } | null;
};

export function schedulesPage({
  schedules,
  records,
  areRecordsCut,
  pauses,
  runNumbers,
  projectName,
}: {
  schedules: UpcomingSchedule[];
  /** Newest first. */
  records: ScheduleRecord[];
  areRecordsCut: boolean;
  pauses: readonly Pause[];
  runNumbers: ReadonlyMap<string, number>;
  projectName: (projectId: string) => string;
}): SchedulesPage {
  const pausedAll = pauses.find(({ scope }) => scope === ALL_PROJECTS);
  const paused = new Set(pauses.map(({ scope }) => scope));
  const rows = schedules
    .sort((one, other) => (one.nextMs ?? Infinity) - (other.nextMs ?? Infinity))
    .slice(0, SHOWN_SCHEDULES)
    .map((schedule) => scheduleRow(schedule, pausedAll !== undefined || paused.has(schedule.projectId)));
  return {
    pausedAll: pausedAll ? pauseText(pausedAll) : null,
    schedules: rows,
    moreSchedules: schedules.length > SHOWN_SCHEDULES ? numberText(schedules.length - SHOWN_SCHEDULES) : null,
    records: foldedRecords(records).map((record) => ({
      ...scheduleRecordText(record),
      projectName: projectName(record.projectId),
      href: `/projects/${record.projectId}`,
      run: runLink(record.runId, runNumbers),
    })),
    areRecordsCut,
  };
}

function scheduleRow(
  { projectId, projectName, entry, isProjectEnabled, nextMs, inDay }: UpcomingSchedule,
  isPaused: boolean,
): ScheduleRow {
  return {
    projectName,
    href: `/projects/${projectId}`,
    name: shownScheduleName(entry.name),
    cron: entry.cron,
    timeZone: entry.timeZone,
    next: nextMs === null ? null : timeText(toInstant(nextMs)),
    inDay: numberText(inDay()),
    state: scheduleStateText(entry, isProjectEnabled, isPaused),
  };
}

function runLink(runId: string | null, numbers: ReadonlyMap<string, number>): RecordRow['run'] {
  const number = runId === null ? undefined : numbers.get(runId);
  return number === undefined ? null : { href: `/runs/${runId}`, name: `#${number}` };
}
