import { aNewRun, LATER, START } from '../../../test/support/a-run';
import { toInstant } from '../../clock/clock';
import type { Run, RunStatus } from '../../runs/run';
import { durationChart } from './duration-chart';

const lasting = (seconds: number, status: RunStatus = 'completed'): Run => ({
  ...aNewRun(),
  status,
  endedAt: status === 'running' ? null : toInstant(Date.parse(START) + seconds * 1000),
});
const chartOf = (runs: Run[], usualMs: number | null = null) => durationChart(runs, usualMs, LATER)!;

it('returns null before the first run', () => expect(durationChart([], null, LATER)).toBeNull());

it('uses a scale of round values and puts the newest run at the right end', () => {
  const { bars, axis, width, usualY } = chartOf([lasting(40, 'failed'), lasting(20)], 30_000);
  expect(axis.map(({ text }) => text)).toEqual(['0', '20 s', '40 s']);
  const [floor, middle, top] = axis.map(({ y }) => y) as [number, number, number];
  expect(bars.map(({ y, height }) => [y, y + height])).toEqual([
    [middle, floor],
    [top, floor],
  ]);
  expect(usualY).toBeGreaterThan(top);
  expect(usualY).toBeLessThan(middle);
  const [older, newest] = bars as [(typeof bars)[0], (typeof bars)[0]];
  expect(newest.x + newest.width).toBeLessThanOrEqual(width);
  expect(older.x + older.width).toBeLessThan(newest.x);
});

it('distinguishes statuses by sign as well as colour, and describes each bar in its title', () => {
  const { bars } = chartOf([
    lasting(0, 'running'),
    lasting(100, 'partial'),
    lasting(100, 'failed'),
    lasting(100),
  ]);
  expect(bars.map(({ tone, sign }) => [tone, sign])).toEqual([
    ['completed', null],
    ['failed', '✕'],
    ['partial', '◐'],
    ['running', '●'],
  ]);
  expect(bars.map(({ title }) => title)).toEqual([
    '2026-03-01 10:00:00 UTC, 1 min 40 s, completed',
    '2026-03-01 10:00:00 UTC, 1 min 40 s, failed',
    '2026-03-01 10:00:00 UTC, 1 min 40 s, partial',
    '2026-03-01 10:00:00 UTC, 5 min 0 s, running',
  ]);
});

it('cuts off an unusually long run at the top of the scale', () => {
  const { bars, axis } = chartOf([lasting(60), lasting(30_000), lasting(58), lasting(60)]);
  expect(axis.at(-1)!.text).toBe('2 min');
  expect(bars.map(({ sign }) => sign)).toEqual([null, null, '↑', null]);
  expect(bars[2]!.y).toBe(axis.at(-1)!.y);
});

it('has a text summary, a caption and a table of durations', () => {
  const { label, rows, caption } = chartOf([lasting(5), lasting(7, 'failed'), lasting(6)], 5_500);
  expect(label).toBe(
    'Durations of the last 3 runs: 2 completed, 1 failed. From 5.0 s to 7.0 s, typically 5.5 s.',
  );
  expect(caption).toBe('last 3 runs, typically 5.5 s');
  expect(rows.map(({ duration, mark }) => [duration!.text, mark.word])).toEqual([
    ['5.0 s', 'Completed'],
    ['7.0 s', 'Failed'],
    ['6.0 s', 'Completed'],
  ]);
});

it('shows at most 40 runs, all within the chart', () => {
  const { bars, left } = chartOf(Array.from({ length: 60 }, () => lasting(3)));
  expect(bars).toHaveLength(40);
  expect(bars[0]!.x).toBeGreaterThanOrEqual(left);
});
