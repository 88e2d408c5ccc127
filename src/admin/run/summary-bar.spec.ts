import { after, aNewRun, LATER, START } from '../../../test/support/a-run';
import type { Run } from '../../runs/run';
import { summaryBar } from './summary-bar';
import { usualMs } from '../../history/usual-duration';

const METRICS = ['newJobsCount', 'relevantCount', 'termsCount'];
const lasting = (minutes: number, runId: string): Run => ({
  ...aNewRun(),
  runId,
  status: 'completed',
  endedAt: new Date(Date.parse(START) + minutes * 60_000).toISOString(),
});
const earlier = [lasting(1, 'a'), lasting(2, 'b'), lasting(60, 'c')];

it('shows placeholders before the first run', () => {
  expect(summaryBar(null, METRICS, [], null, LATER)).toMatchObject({
    mark: { word: 'Never run', icon: '○' },
    lastRun: null,
    duration: null,
    usual: null,
    newCount: '–',
    relevantCount: '–',
    metrics: [{ name: 'Terms', value: '–' }],
    quotaRemaining: '–',
  });
});

it('shows metrics reported so far, including zero', () => {
  const run = after(aNewRun(), [
    { type: 'claim', workerId: 'w', leaseSeconds: 60 },
    { type: 'progress', occurredAt: LATER, payload: { metrics: { newJobsCount: 0, termsCount: 1200 } } },
  ]);
  expect(summaryBar(run, METRICS, [], null, LATER)).toMatchObject({
    newCount: '0',
    relevantCount: '–',
    metrics: [{ name: 'Terms', value: '1,200' }],
    duration: { text: '5 min 0 s', tickingFromMs: 300_000 },
  });
});

it('shows the typical duration, and marks a run that exceeds it', () => {
  const run = aNewRun();
  expect(summaryBar(run, METRICS, earlier, null, LATER)).toMatchObject({ usual: '2 min 0 s', isSlow: true });
  expect(summaryBar(run, METRICS, earlier, null, START)).toMatchObject({ usual: '2 min 0 s', isSlow: false });
});

it('needs at least three runs for a typical duration', () => {
  expect(usualMs(earlier.slice(0, 2))).toBeNull();
});

it('excludes the run itself from the typical duration', () => {
  const [first] = earlier;
  expect(summaryBar(first!, METRICS, earlier, null, LATER).usual).toBeNull();
});

it('shows the remaining quota, including zero', () => {
  const quota = { dailyLimit: 5000, used: 0, remaining: 5000, concurrencyLimit: 1, resetsAt: LATER };
  expect(summaryBar(null, METRICS, [], quota, LATER).quotaRemaining).toBe('5,000');
  expect(summaryBar(null, METRICS, [], { ...quota, used: 5000, remaining: 0 }, LATER).quotaRemaining).toBe(
    '0',
  );
});
