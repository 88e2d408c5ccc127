import { toInstant } from '../clock/clock';
import { type CronSchedule, type DueSpan, newestDue } from '../cron/due-times';
import { covers, type Pause } from './pause';
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
  afterMs,
  nowMs,
  aliveSinceMs,
  attemptedMs,
  catchUp,
  isPaused,
  pauses,
}: {
  schedule: CronSchedule;
  /** All due times up to this one have records. */
  afterMs: number;
  nowMs: number;
  /** Since when this server has started runs at their due times, without a gap. */
  aliveSinceMs: number;
  /** The due time at which a start failed because of the storage; null without one. */
  attemptedMs: number | null;
  catchUp: boolean;
  /** Whether a pause is in force now: nothing starts, also what was due before. */
  isPaused: boolean;
  /** Pauses of the project or of all that explain due times. */
  pauses: readonly Pause[];
}): DuePlan {
  const newestMs = newestDue(schedule, afterMs, nowMs, 1).newest[0];
  if (newestMs === undefined) return NOTHING;
  const isPausedAt = (ms: number) => pauses.some((pause) => covers(pause, toInstant(ms)));
  const isOnTime = newestMs > aliveSinceMs && nowMs - newestMs <= MAX_DELAY_MS;
  const isDue = isOnTime || newestMs === attemptedMs;
  if ((isDue || catchUp) && !isPaused && !isPausedAt(newestMs)) {
    return { passed: passedDues(schedule, afterMs, newestMs - 1, pauses), startMs: newestMs };
  }
  // A pause that began after the due time is the reason too, if the start had to wait until now.
  if (isDue && isPaused && !isPausedAt(newestMs)) {
    const earlier = passedDues(schedule, afterMs, newestMs - 1, pauses);
    const skipped: PassedDues = { outcome: 'skipped-paused', older: null, single: [newestMs] };
    return { passed: [...earlier, skipped], startMs: null };
  }
  return { passed: passedDues(schedule, afterMs, newestMs, pauses), startMs: null };
}

/** Returns the due times after the first instant, up to and including the last, in stretches with one outcome. */
export function passedDues(
  schedule: CronSchedule,
  afterMs: number,
  lastMs: number,
  pauses: readonly Pause[],
): PassedDues[] {
  const passed: PassedDues[] = [];
  let fromMs = afterMs;
  for (const edgeMs of [...edgesOf(pauses, fromMs, lastMs), lastMs]) {
    const isPaused = pauses.some((pause) => covers(pause, toInstant(edgeMs)));
    const outcome = isPaused ? 'skipped-paused' : 'missed';
    const { older, newest } = newestDue(schedule, fromMs, edgeMs, SINGLE_RECORDS[outcome]);
    if (newest.length > 0) passed.push({ outcome, older, single: newest });
    fromMs = edgeMs;
  }
  return passed;
}

/** Returns the last milliseconds before a pause begins or ends, ascending. */
function edgesOf(pauses: readonly Pause[], afterMs: number, beforeMs: number): number[] {
  const edges = pauses
    .flatMap(({ pausedAt, until }) => [pausedAt, ...(until === null ? [] : [until])])
    .map((at) => Date.parse(at) - 1)
    .filter((ms) => ms > afterMs && ms < beforeMs);
  return [...new Set(edges)].sort((a, b) => a - b);
}
