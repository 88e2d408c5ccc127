import { elapsedMs, type Instant } from '../../clock/clock';
import type { RunStatus } from '../../runs/run';
import type { PastRun } from '../../history/run-history.repository';
import { durationText } from '../../clock/duration-text';
import { type DurationText, durationOf } from '../words/duration-text';
import { median } from '../../runs/median';
import { type StatusMark, stepMark } from '../words/status-mark';
import { STATUS_WORDS } from '../words/status-words';
import { ticking } from '../words/ticking';
import { timeTextWithSeconds, type TimeText } from '../words/time-text';

/** The number of runs in the chart. */
export const CHART_RUNS = 40;
const WIDTH = 400;
const HEIGHT = 150;
/** Room for the axis labels, and for the signs above the bars. */
const LEFT = 56;
const TOP = 14;
const BOTTOM = 6;
/**
 * If the longest run exceeds OUTLIER times the typical duration, the scale ends at SCALE times the typical
 * duration.
 */
const OUTLIER = 4;
const SCALE = 2;
const PLOT = HEIGHT - TOP - BOTTOM;

export interface DurationChart {
  width: number;
  height: number;
  bars: ChartBar[];
  axis: { y: number; textY: number; text: string }[];
  left: number;
  usualY: number | null;
  /** "last 40 runs, typically 29 s" */
  caption: string;
  /** The description of the chart as one sentence. */
  label: string;
  /** The same data as a table, newest first. */
  rows: { href: string; startedAt: TimeText; duration: DurationText | null; mark: StatusMark }[];
}

export interface ChartBar {
  x: number;
  y: number;
  width: number;
  height: number;
  tone: RunStatus;
  /** The sign above the bar: for runs that did not complete, and for bars beyond the scale. */
  sign: string | null;
  signX: number;
  signY: number;
  href: string;
  /** "2026-03-01 10:00:05 UTC, 29 s, completed". `at` lets the page show the time in the reader's zone. */
  title: string;
  at: Instant;
}

type Charted = Pick<PastRun, 'runId' | 'status' | 'startedAt' | 'endedAt'>;

/** @param newestFirst latest runs; without any, the result is null */
export function durationChart(
  newestFirst: Charted[],
  usualMs: number | null,
  now: Instant,
): DurationChart | null {
  if (newestFirst.length === 0) return null;
  const runs = newestFirst.slice(0, CHART_RUNS);
  const durations = runs.map(({ startedAt, endedAt }) => elapsedMs(startedAt, endedAt ?? now));
  const top = niceTopMs(longestShown(durations, usualMs));
  const yOf = (ms: number) => rounded(TOP + PLOT * (1 - Math.min(ms, top) / top));
  const place = (WIDTH - LEFT) / CHART_RUNS;
  const chart: DurationChart = {
    width: WIDTH,
    height: HEIGHT,
    left: LEFT,
    bars: runs.map((run, index) => chartBar(run, durations[index]!, index, place, yOf, top, now)).reverse(),
    axis: [0, 0.5, 1].map((part) => {
      const y = yOf(top * part);
      return { y, textY: y + 4, text: part === 0 ? '0' : axisText(top * part) };
    }),
    usualY: usualMs === null ? null : yOf(usualMs),
    caption: `${lastRuns(runs.length)}${typically(usualMs)}`,
    label: labelOf(runs, durations, usualMs),
    rows: runs.map((run) => ({
      href: `/runs/${run.runId}`,
      startedAt: timeTextWithSeconds(run.startedAt),
      duration: durationOf(run, now),
      mark: stepMark(run.status),
    })),
  };
  // The rows have the facts that the bars and the label are made of.
  const { bars: _bars, label: _label, ...counted } = chart;
  return runs.some(({ endedAt }) => endedAt === null) ? ticking(chart, counted) : chart;
}

function chartBar(
  { runId, status, startedAt, endedAt }: Charted,
  ms: number,
  index: number,
  place: number,
  yOf: (ms: number) => number,
  topMs: number,
  now: Instant,
): ChartBar {
  const floor = yOf(0);
  const y = Math.min(yOf(ms), floor - 2);
  // The newest run is at the right edge.
  const x = rounded(WIDTH - (index + 1) * place + 1);
  const { text } = durationOf({ startedAt, endedAt }, now)!;
  return {
    x,
    y,
    width: rounded(place - 2),
    height: rounded(floor - y),
    tone: status,
    sign: (ms > topMs ? '↑' : '') + (status === 'completed' ? '' : stepMark(status).icon) || null,
    signX: rounded(x + (place - 2) / 2),
    signY: rounded(y - 3),
    href: `/runs/${runId}`,
    at: startedAt,
    title: `${timeTextWithSeconds(startedAt).text}, ${text}, ${STATUS_WORDS[status].toLowerCase()}`,
  };
}

function labelOf(runs: Charted[], durations: number[], usualMs: number | null): string {
  const counts = new Map<RunStatus, number>();
  for (const { status } of runs) counts.set(status, (counts.get(status) ?? 0) + 1);
  const words = [...counts].map(([status, count]) => `${count} ${STATUS_WORDS[status].toLowerCase()}`);
  return (
    `Durations of the ${lastRuns(runs.length)}: ${words.join(', ')}. ` +
    `From ${durationText(Math.min(...durations))} to ${durationText(Math.max(...durations))}${typically(usualMs)}.`
  );
}

function lastRuns(count: number): string {
  return count === 1 ? 'last run' : `last ${count} runs`;
}

function typically(usualMs: number | null): string {
  return usualMs === null ? '' : `, typically ${durationText(usualMs)}`;
}

/**
 * Returns the longest duration on the scale. One extremely long run must not flatten the others, so its bar ends at
 * the scale with an arrow.
 */
function longestShown(durations: number[], usualMs: number | null): number {
  const longest = Math.max(...durations);
  const middle = Math.max(usualMs ?? 0, median(durations));
  return longest > OUTLIER * middle ? SCALE * middle : longest;
}

/** Ends of the scale that are round numbers, and whose halves are too. */
const STEPS_SECONDS = [
  0.1, 0.2, 0.4, 1, 2, 4, 10, 20, 30, 40, 60, 80, 120, 180, 240, 360, 600, 1200, 1800, 2400, 3600, 7200,
  14_400, 21_600, 43_200, 86_400,
];

const AXIS_UNITS = [
  { unitMs: 3_600_000, name: 'h' },
  { unitMs: 60_000, name: 'min' },
  { unitMs: 1000, name: 's' },
];

/** Uses one unit for whole hours, minutes and seconds. */
function axisText(ms: number): string {
  const unit = AXIS_UNITS.find(({ unitMs }) => ms >= unitMs);
  return unit && ms % unit.unitMs === 0 ? `${ms / unit.unitMs} ${unit.name}` : durationText(ms);
}

function niceTopMs(longestMs: number): number {
  const seconds = longestMs / 1000;
  const step = STEPS_SECONDS.find((each) => each >= seconds);
  return (step ?? Math.ceil(seconds / 86_400) * 86_400) * 1000;
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
