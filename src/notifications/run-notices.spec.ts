import { aNewRun, after, LATER } from '../../test/support/a-run';
import type { NotifyCondition } from '../projects/notify-rules';
import { factsOfRun, isOverWith, noticeOfEnd, type SinceSuccess } from './run-notices';

const NONE: SinceSuccess = { hasFailed: false, hasPartial: false };
const FAILED: SinceSuccess = { hasFailed: true, hasPartial: false };
const PARTIAL: SinceSuccess = { hasFailed: false, hasPartial: true };

it.each<
  [NotifyCondition[], 'completed' | 'partial' | 'failed' | 'cancelled', SinceSuccess, NotifyCondition | null]
>([
  [['failed'], 'failed', NONE, 'failed'],
  [['failed'], 'completed', FAILED, null],
  [['failed', 'recovered'], 'completed', FAILED, 'recovered'],
  [['failed', 'recovered'], 'completed', NONE, null],
  [['completed', 'recovered'], 'completed', FAILED, 'recovered'],
  [['completed', 'recovered'], 'completed', NONE, 'completed'],
  [['completed'], 'completed', FAILED, 'completed'],
  // A partial or cancelled run recovers nothing.
  [['recovered'], 'partial', FAILED, null],
  [['recovered', 'cancelled'], 'cancelled', FAILED, 'cancelled'],
  // A partial run is a failure for channels that receive it.
  [['recovered'], 'completed', PARTIAL, null],
  [['partial', 'recovered'], 'completed', PARTIAL, 'recovered'],
  [['late', 'long'], 'failed', NONE, null],
])('a channel with %j receives at the end %s (%j): %s', (on, status, past, expected) => {
  expect(noticeOfEnd(on, status, past)).toBe(expected);
});

it('conditions of a run are over with it, and those of its project by what it shows', () => {
  const run = { runId: 'r1', projectId: 'p', status: 'failed' as const, triggeredBy: 'manual' as const };
  const of = (kind: 'late' | 'long' | 'stale', runId: string | null = null) => ({
    kind,
    runId,
    projectId: 'p',
  });
  expect(isOverWith(of('long', 'r1'), run)).toBe(true);
  expect(isOverWith(of('long', 'r2'), run)).toBe(false);
  expect(isOverWith({ ...of('long', 'r1'), projectId: 'q' }, run)).toBe(false);
  expect(isOverWith(of('stale'), run)).toBe(false);
  expect(isOverWith(of('stale'), { ...run, status: 'completed' })).toBe(true);
  expect(isOverWith(of('late'), run)).toBe(false);
  expect(isOverWith(of('late'), { ...run, triggeredBy: 'schedule' })).toBe(true);
});

it('the facts are copies of what a message needs, with the step that failed first', () => {
  const run = {
    ...after(aNewRun(), [{ type: 'request-stop', reason: 'cancelled-by-user', requestedBy: 'ada' }]),
    status: 'failed' as const,
  };
  run.steps = [
    { name: 'late', status: 'failed', startedAt: null, endedAt: LATER, exitCode: 2 },
    { name: 'early', status: 'failed', startedAt: null, endedAt: run.startedAt, exitCode: 1 },
  ];
  run.error = { code: 'X', message: 'a'.repeat(5000) };
  const facts = factsOfRun(run, 'Demo');
  expect(facts).toMatchObject({
    at: run.endedAt,
    projectName: 'Demo',
    run: { number: run.number, step: { name: 'early', exitCode: 1 } },
  });
  expect(facts.run!.error!.error!.message).toHaveLength(2000);
  expect(JSON.stringify(facts)).not.toContain('leaseToken');
});
