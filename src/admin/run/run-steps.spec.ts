import { after, aNewRun, LATER } from '../../../test/support/a-run';
import type { RunEventMap } from '../../events/run-event';
import type { RunCommand } from '../../runs/run-state';
import { progressBar, stepRows } from './run-steps';

const CLAIM: RunCommand = { type: 'claim', workerId: 'w', leaseSeconds: 60 };
const barAfter = (payload: RunEventMap['run.progress']) =>
  progressBar(after(aNewRun(), [CLAIM, { type: 'progress', occurredAt: LATER, payload }]));

it('shows the progress that the step reports', () => {
  expect(barAfter({ step: 'parse', current: 3, total: 12, message: 'page 3' })).toEqual({
    text: 'parse: 3 of 12 (25%)',
    message: 'page 3',
    value: 3,
    max: 12,
  });
});

it('is capped at the total', () => {
  expect(barAfter({ current: 15, total: 12 })).toMatchObject({ text: '15 of 12 (100%)', value: 12 });
});

it('shows no percentage if the total is unknown', () => {
  expect(barAfter({ step: 'parse', current: 3 })).toMatchObject({ text: 'parse: 3 so far', max: null });
});

it('counts completed steps if no step reports progress', () => {
  expect(barAfter({ step: 'fetch', stepStatus: 'completed', exitCode: 0 })).toMatchObject({
    text: 'fetch: 1 of 3 steps done',
    value: 1,
    max: 3,
  });
});

it('is null once the run has ended', () => {
  const ended = after(aNewRun(), [{ type: 'fail-unclaimed' }]);
  expect(progressBar(ended)).toBeNull();
});

describe('the row of a step', () => {
  const report = (payload: RunEventMap['run.progress']): RunCommand => ({
    type: 'progress',
    occurredAt: LATER,
    payload,
  });
  const rowsAfter = (...payloads: RunEventMap['run.progress'][]) =>
    stepRows(after(aNewRun(), [CLAIM, ...payloads.map(report)]), LATER);

  it('has its attempts, with links to their lines and the time of the next one', () => {
    const [first, second] = rowsAfter(
      { step: 'fetch', stepStatus: 'running', stepAttempt: { number: 1, status: 'running' } },
      {
        step: 'fetch',
        stepStatus: 'running',
        stepAttempt: { number: 1, status: 'failed', exitCode: 4, retryAt: LATER },
      },
    );
    expect(first!.attempts).toMatchObject([
      {
        number: 1,
        logHref: '?step=fetch&stepAttempt=1#run-log',
        exitCode: 4,
        nextAt: { datetime: LATER },
      },
    ]);
    expect(second!.attempts).toBeNull();
  });

  it('has no attempts if the only one is the step itself', () =>
    expect(
      rowsAfter({ step: 'fetch', stepStatus: 'running', stepAttempt: { number: 1, status: 'running' } })[0]!
        .attempts,
    ).toBeNull());

  it('has its own progress only while another step runs beside it', () => {
    const progress = { step: 'fetch', current: 3, total: 9 };
    const alone = rowsAfter({ step: 'fetch', stepStatus: 'running' }, progress);
    const beside = rowsAfter(
      { step: 'fetch', stepStatus: 'running' },
      { step: 'parse', stepStatus: 'running' },
      progress,
    );
    expect([alone[0]!.progress, beside[0]!.progress, beside[1]!.progress]).toEqual([null, '3 of 9', null]);
  });
});
