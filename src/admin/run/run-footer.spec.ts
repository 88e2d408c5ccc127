import { after, aNewRun, LATER, START } from '../../../test/support/a-run';
import type { Run } from '../../runs/run';
import type { RunCommand } from '../../runs/run-state';
import { waitingFor } from '../../runs/waiting';
import { plainText } from '../../runs/text-part';
import { runFooter } from './run-footer';

const FACTS = { unpublished: false, stepWorkers: { slots: 2, busy: 0 }, consumers: [] };
const CLAIM: RunCommand = { type: 'claim', workerId: 'worker-2', leaseSeconds: 60 };
const STOP: RunCommand = { type: 'request-stop', reason: 'cancelled-by-user', requestedBy: 'page' };
const footerOf = (run: Run) => runFooter(run, waitingFor(run, FACTS, LATER), null, LATER);

it('shows what a run waits for', () => {
  const footer = footerOf(aNewRun());
  expect(footer.mark.note).toBe('waiting for a worker');
  expect(footer).toMatchObject({ since: { text: '5 min 0 s' }, workerId: null });
  expect(plainText(footer.detail!)).toContain('No worker has claimed the run');
});

it('shows the worker of a run, and when it last reported', () => {
  expect(footerOf(after(aNewRun(), [CLAIM]))).toMatchObject({
    workerId: 'worker-2',
    lastHeard: { text: '0 s' },
    detail: null,
  });
});

it('shows that a run is stopping, and since when', () => {
  const footer = footerOf(after(aNewRun(), [CLAIM, STOP]));
  expect(footer).toMatchObject({
    since: { text: '0 s' },
    mark: { note: 'stopping' },
  });
  expect(plainText(footer.detail!)).toContain('worker-2');
});

it('shows the failed step, its exit code and the error', () => {
  const failed = after(aNewRun(), [
    CLAIM,
    { type: 'progress', occurredAt: LATER, payload: { step: 'parse', stepStatus: 'failed', exitCode: 3 } },
    {
      type: 'fail',
      occurredAt: LATER,
      payload: { errorCode: 'NO_TABLE', message: 'There is no table.', step: 'parse' },
    },
  ]);
  expect(footerOf(failed)).toMatchObject({
    lead: 'at step parse, exit code 3.',
    detail: [{ text: 'There is no table.' }],
    endedAt: { datetime: LATER },
  });
});

it('shows who stopped a run', () => {
  expect(footerOf(after(aNewRun(), [STOP])).lead).toBe('stopped manually.');
});

it('shows the remaining quota and its reset time', () => {
  const run = aNewRun();
  const quota = { dailyLimit: 1200, used: 1188, remaining: 12, concurrencyLimit: 1, resetsAt: LATER };
  const of = (remaining: number) =>
    runFooter(run, waitingFor(run, FACTS, LATER), { ...quota, remaining }, LATER).quota;
  expect(of(12)).toMatchObject({ text: '12 of 1,200 calls left', resetsAt: { datetime: LATER } });
  expect(of(0)!.text).toBe('None of 1,200 calls left');
  expect(footerOf(run).quota).toBeNull();
});

it('warns of a used-up quota and of a worker that lost its lease', () => {
  const quota = { dailyLimit: 9, used: 9, remaining: 0, concurrencyLimit: 1, resetsAt: LATER };
  const silent = { ...after(aNewRun(), [CLAIM], START), leaseExpiresAt: START };
  const { warnings, detail } = runFooter(silent, waitingFor(silent, FACTS, LATER), quota, LATER);
  expect(warnings).toMatchObject([
    { text: expect.stringContaining('Worker worker-2 has lost its lease'), at: { datetime: START } },
    { text: expect.stringContaining('quota is used up'), at: { datetime: LATER } },
  ]);
  expect(detail).toBeNull();
});

it.each([
  [
    -40_000,
    'The clock of worker worker-2 is 40 s behind the clock of this server. Times of this run are corrected.',
  ],
  [
    7_200_000,
    'The clock of worker worker-2 is 2 h 0 min ahead of the clock of this server. Times of this run are corrected.',
  ],
  [5000, null],
])('warns of a worker clock that is off by %d ms if the difference is large', (skewMs, text) => {
  const senderClock = { notBefore: START, lagMs: -skewMs, isOff: true };
  const { warnings } = footerOf({ ...after(aNewRun(), [CLAIM], START), leaseExpiresAt: null, senderClock });
  expect(warnings).toEqual(text === null ? [] : [{ text, at: null }]);
});

it('shows the progress that a partial run reached', () => {
  const partial = after(aNewRun(), [
    CLAIM,
    { type: 'progress', occurredAt: LATER, payload: { step: 'parse', current: 60, total: 80 } },
    { type: 'complete', occurredAt: LATER, payload: { status: 'partial', reason: 'quota-reached' } },
  ]);
  expect(footerOf(partial).lead).toBe('quota used up after 60 of 80 in parse.');
});
