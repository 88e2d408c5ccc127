import { elapsedMs, type Instant } from '../../clock/clock';
import type { TrendRun } from '../../history/latest-run.repository';
import { hashedOnce } from '../page/live';
import { durationText } from '../../clock/duration-text';
import { STATUS_WORDS } from '../words/status-words';
import { ticking } from '../words/ticking';
import { timeText } from '../words/time-text';

/** The number of runs in the trend. */
export const TREND_RUNS = 20;

const BAR_WIDTH = 5;
const STEP = 7;
const HEIGHT = 24;
/** Room above the bars for the sign of runs that were not successful. */
const SIGN_HEIGHT = 8;
/** The minimum height, so that a run of 0 s is visible. */
const LEAST_HEIGHT = 3;

/**
 * A bar chart of the latest runs: height is the duration, colour and shape are the status. Each bar leads to its run.
 * `label` has it as text.
 */
export interface Trend {
  width: number;
  height: number;
  bars: TrendBar[];
  label: string;
}

export interface TrendBar {
  href: string;
  /** "2026-03-01 10:00 UTC, #14 Completed, 3 min 12 s" */
  title: string;
  startedAt: Instant;
  x: number;
  y: number;
  height: number;
  tone: string;
  /** An SVG path above the bar: ✕ for failed, – for cancelled, a dot for partial. */
  sign: string | null;
}

/** The trends of ended runs, which stay the same as long as the list of runs is kept. */
const known = new WeakMap<TrendRun[], Trend>();

/** Scales to the longest run, oldest on the left. */
export function trendOf(newestFirst: TrendRun[], now: Instant): Trend {
  const kept = known.get(newestFirst);
  if (kept) return kept;
  const trend = drawn(newestFirst, now);
  if (newestFirst.some(({ endedAt }) => endedAt === null)) return trend;
  known.set(newestFirst, hashedOnce(trend));
  return trend;
}

function drawn(newestFirst: TrendRun[], now: Instant): Trend {
  const runs = [...newestFirst].reverse();
  const durations = runs.map((run) => elapsedMs(run.startedAt, run.endedAt ?? now));
  const longest = Math.max(...durations, 1);
  const bars = runs.map((run, index): TrendBar => {
    const { status } = run;
    const height = Math.max(LEAST_HEIGHT, Math.round((durations[index]! / longest) * HEIGHT));
    const x = index * STEP;
    const y = SIGN_HEIGHT + HEIGHT - height;
    return {
      href: `/runs/${run.runId}`,
      title: titleOf(run, durations[index]!),
      startedAt: run.startedAt,
      ...{ x, y, height, tone: status, sign: signAt(status, x, y) },
    };
  });
  const isGrowing = runs.some(({ endedAt }) => endedAt === null);
  return {
    width: TREND_RUNS * STEP - (STEP - BAR_WIDTH),
    height: SIGN_HEIGHT + HEIGHT,
    bars: isGrowing ? ticking(bars, runs) : bars,
    label: trendInWords(runs),
  };
}

function titleOf({ number, status, startedAt }: TrendRun, ms: number): string {
  return `${timeText(startedAt).text}, #${number} ${STATUS_WORDS[status]}, ${durationText(ms)}`;
}

function signAt(status: TrendRun['status'], x: number, top: number): string | null {
  const y = top - 6;
  if (status === 'failed') return `M${x} ${y}l5 5m0 -5l-5 5`;
  if (status === 'cancelled') return `M${x} ${y + 3}h5`;
  return status === 'partial' ? `M${x + 1.5} ${y + 3}h2` : null;
}

function trendInWords(runs: TrendRun[]): string {
  const counts = new Map<TrendRun['status'], number>();
  for (const { status } of runs) counts.set(status, (counts.get(status) ?? 0) + 1);
  const words = [...counts].map(([status, count]) => `${count} ${STATUS_WORDS[status].toLowerCase()}`);
  return `Last ${runs.length === 1 ? 'run' : `${runs.length} runs`}: ${words.join(', ')}`;
}
