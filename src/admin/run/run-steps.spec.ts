import { after, aNewRun, LATER } from '../../../test/support/a-run';
import type { RunEventMap } from '../../events/run-event';
import type { RunCommand } from '../../runs/run-state';
import { progressBar } from './run-steps';

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
