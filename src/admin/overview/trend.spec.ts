import { aNewRun, after, LATER } from '../../../test/support/a-run';
import { TREND_RUNS, trendOf } from './trend';

const newest = aNewRun();
const older = { ...after(aNewRun(), [{ type: 'fail-unclaimed' }]), endedAt: '2026-03-01T10:02:30.000Z' };

it('draws runs from old to new, aligned left, with a text summary and a link each', () => {
  const { bars, label } = trendOf([newest, older], LATER);
  expect(bars.map(({ tone, height }) => [tone, height])).toEqual([
    ['failed', 12],
    ['running', 24],
  ]);
  expect(bars.map(({ x }) => x)).toEqual([0, 7]);
  expect(bars[0]).toMatchObject({
    href: `/runs/${older.runId}`,
    title: `2026-03-01 10:00 UTC, #${older.number} Failed, 2 min 30 s`,
  });
  expect(label).toBe('Last 2 runs: 1 failed, 1 running');
  expect(trendOf([newest], LATER).label).toBe('Last run: 1 running');
});

it('marks each unsuccessful status with its own sign inside the picture', () => {
  const statuses = ['failed', 'cancelled', 'partial', 'completed', 'running'] as const;
  const runs = statuses.map((status) => ({ ...newest, status }));
  const { bars, height } = trendOf(Array.from({ length: 4 }, () => runs).flat(), LATER);
  expect(bars).toHaveLength(TREND_RUNS);
  const signs = bars.slice(0, 5).map(({ sign }) => sign?.replace(/^M[\d.]+ [\d.]+/, '') ?? null);
  expect(new Set(signs).size).toBe(4); // completed and running have a bar without a sign
  for (const bar of bars) {
    expect(bar.y + bar.height).toBe(height);
    expect(Number(/ (\d+)/.exec(bar.sign ?? 'M0 2')![1])).toBeGreaterThanOrEqual(0);
  }
});
