import { toInstant } from '../../clock/clock';
import type { ProjectDefinition } from '../../projects/project';
import { nextStartOf } from '../../schedules/next-start';
import { ALL_PROJECTS, type Pause } from '../../schedules/pause';
import { shownScheduleName } from '../../projects/schedule-name';
import { numberText } from '../words/number-text';
import { scheduleStateText } from '../words/schedule-words';
import { type TimeText, timeText } from '../words/time-text';

/** The schedules of a project with their next starts. */
export interface ScheduleLine {
  entries: ScheduleLineEntry[];
  /** How many further entries there are, as text; null if all are shown. */
  more: string | null;
  /** Null while the project itself is paused. */
  pauseAction: string | null;
  /** Null unless the project itself is paused. */
  resumeAction: string | null;
}

export interface ScheduleLineEntry {
  /** Null for a single, unnamed schedule. */
  name: string | null;
  /** Null while it is disabled. */
  next: TimeText | null;
  cron: string;
  timeZone: string;
  /** Why it starts nothing at its next due time; null if it does. */
  state: string | null;
}

/** The project page shows this many schedules; the API returns all. */
const SHOWN_ENTRIES = 10;

/**
 * Returns null for a project without a schedule.
 * @param pauses those in force for the project: its own, and that of all projects
 */
export function scheduleLine(
  { projectId, isEnabled, schedules }: ProjectDefinition,
  pauses: readonly Pause[],
  nowMs: number,
): ScheduleLine | null {
  if (schedules.length === 0) return null;
  const href = `/projects/${projectId}`;
  const isPaused = pauses.some(({ scope }) => scope !== ALL_PROJECTS);
  return {
    entries: schedules.slice(0, SHOWN_ENTRIES).map((entry) => ({
      name: shownScheduleName(entry.name),
      next: isEnabled && entry.isEnabled ? timeText(toInstant(nextStartOf(entry, nowMs))) : null,
      cron: entry.cron,
      timeZone: entry.timeZone,
      state: scheduleStateText(entry, isEnabled, pauses.length > 0),
    })),
    more: schedules.length > SHOWN_ENTRIES ? numberText(schedules.length - SHOWN_ENTRIES) : null,
    pauseAction: isPaused ? null : `${href}/pause`,
    resumeAction: isPaused ? `${href}/resume` : null,
  };
}
