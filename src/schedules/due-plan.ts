import { toInstant } from '../clock/clock';
import { type CronSchedule, type DueSpan, newestDue } from '../cron/due-times';
import { ALL_PROJECTS, type Pause, pauseAt } from './pause';
import { SINGLE_RECORDS } from './schedule-record';

/** A due time starts a run up to this long afterwards. Longer delays mean that the server could not work. */
export const MAX_DELAY_MS = 60_000;

/** Due times that start no run. */
export interface PassedDues {
  outcome: 'missed' | 'skipped-paused';
  /** The oldest ones, if there are too many for single records. */
  older: DueSpan | null;
  /** Ascending, in milliseconds since 1970. */
  single: number[];
}

/** What to do with the due times of a schedule that have no record. */
export interface DuePlan {
  /** In order of time. */
  passed: PassedDues[];
  /** The due time that starts a run, later than all others; null if none does. */
  startMs: number | null;
}

const NOTHING: DuePlan = { passed: [], startMs: null };

/**
 * Plans the due times after `afterMs` up to and including `nowMs`. At most the newest one starts a run, so that no
 * backlog starts several.
 */
export function duePlan({
  schedule,
  projectId,
  afterMs,
  nowMs,
  aliveSinceMs,
  attemptedMs,
  catchUp,
  pauses,
}: {
  schedule: CronSchedule;
  projectId: string;
  /** All due times up to this one have records. */
  afterMs: number;
  nowMs: number;
  /** Since when this server has started runs at their due times, without a gap. */
  aliveSinceMs: number;
  /** The due time at which a start failed because of the storage; null without one. */
  attemptedMs: number | null;
  catchUp: boolean;
  pauses: readonly Pause[];
}): DuePlan {
  const newestMs = newestDue(schedule, afterMs, nowMs, 1).newest[0];
  if (newestMs === undefined) return NOTHING;
  const isPausedAt = (ms: number) => pauseAt(pauses, projectId, toInstant(ms)) !== null;
  const isOnTime = newestMs > aliveSinceMs && nowMs - newestMs <= MAX_DELAY_MS;
  const mayStart = isOnTime || newestMs === attemptedMs || (catchUp && !isPausedAt(nowMs));
  const startMs = mayStart && !isPausedAt(newestMs) ? newestMs : null;
  const lastMs = startMs === null ? newestMs : startMs - 1;
  const passed: PassedDues[] = [];
  let fromMs = afterMs;
  for (const edgeMs of [...edgesOf(pauses, projectId, fromMs, lastMs), lastMs]) {
    const outcome = isPausedAt(edgeMs) ? 'skipped-paused' : 'missed';
    const { older, newest } = newestDue(schedule, fromMs, edgeMs, SINGLE_RECORDS[outcome]);
    if (newest.length > 0) passed.push({ outcome, older, single: newest });
    fromMs = edgeMs;
  }
  return { passed, startMs };
}

/** Returns the last milliseconds before a pause of the project begins or ends, ascending. */
function edgesOf(pauses: readonly Pause[], projectId: string, afterMs: number, beforeMs: number): number[] {
  const edges = pauses
    .filter(({ scope }) => scope === projectId || scope === ALL_PROJECTS)
    .flatMap(({ pausedAt, until }) => [pausedAt, ...(until === null ? [] : [until])])
    .map((at) => Date.parse(at) - 1)
    .filter((ms) => ms > afterMs && ms < beforeMs);
  return [...new Set(edges)].sort((a, b) => a - b);
}
