import { after, aNewRun, START } from '../../../test/support/a-run';
import type { RunEventMap } from '../../events/run-event';
import type { RunCommand } from '../../runs/run-state';
import { stepTimeline } from './step-timeline';

const at = (seconds: number) => new Date(Date.parse(START) + seconds * 1000).toISOString();
const says = (seconds: number, payload: RunEventMap['run.progress']): RunCommand => ({
  type: 'progress',
  occurredAt: at(seconds),
  payload,
});
const inParse = after(
  after(aNewRun(), [{ type: 'claim', workerId: 'w', leaseSeconds: 60 }], at(0)),
  [
    says(100, { step: 'fetch', stepStatus: 'running' }),
    says(110, { step: 'fetch', stepStatus: 'completed', exitCode: 0 }),
    says(110, { step: 'parse', stepStatus: 'running' }),
  ],
  at(1000),
);
const ended = after(
  inParse,
  [
    says(140, { step: 'parse', stepStatus: 'failed', exitCode: 3 }),
    { type: 'fail', occurredAt: at(140), payload: { errorCode: 'X', message: 'x' } },
  ],
  at(1000),
);

it('draws all steps on one scale that begins with the first step', () => {
  const { rows } = stepTimeline(ended, [], at(500));
  expect(
    rows.map(({ name, bar, exitCode, logHref }) => [name, bar && [bar.x, bar.width], exitCode, logHref]),
  ).toEqual([
    ['fetch', [0, 250], null, '?step=fetch#run-log'],
    ['parse', [250, 750], 3, '?step=parse#run-log'],
    ['report', null, null, null],
  ]);
});

it('extends a running step to the current time', () => {
  const { rows } = stepTimeline(inParse, [], at(120));
  expect(rows[1]!.bar).toEqual({ x: 500, width: 500, usualWidth: null });
});

it('shows the typical duration of a running step, and marks a slow one', () => {
  const alike = [ended, ended, ended].map((run) => ({
    ...run,
    steps: run.steps.map((step) => ({ ...step, status: 'completed' as const })),
  }));
  const early = stepTimeline(inParse, alike, at(115)).rows[1]!;
  expect([early.usual, early.bar, early.isSlow]).toEqual([
    '30 s',
    { x: 250, width: 125, usualWidth: 750 },
    false,
  ]);
  const late = stepTimeline(inParse, alike, at(160)).rows[1]!;
  expect([late.bar!.usualWidth, late.isSlow]).toEqual([null, true]);
});

it('draws even the shortest step with a visible width', () => {
  const run = after(
    inParse,
    [
      says(5000, { step: 'parse', stepStatus: 'completed' }),
      says(5000, { step: 'report', stepStatus: 'skipped' }),
    ],
    at(6000),
  );
  expect(stepTimeline(run, [], at(6000)).rows[0]!.bar!.width).toBe(6);
  expect(stepTimeline(aNewRun(), [], at(1)).rows.map(({ bar }) => bar)).toEqual([null, null, null]);
});

it('draws steps that ran side by side below each other', () => {
  const run = after(
    after(aNewRun(), [{ type: 'claim', workerId: 'w', leaseSeconds: 60 }], at(0)),
    [
      says(0, { step: 'fetch', stepStatus: 'running' }),
      says(10, { step: 'parse', stepStatus: 'running' }),
      says(30, { step: 'fetch', stepStatus: 'completed', exitCode: 0 }),
      says(40, { step: 'parse', stepStatus: 'completed', exitCode: 0 }),
    ],
    at(1000),
  );
  expect(stepTimeline(run, [], at(40)).rows.map(({ bar }) => bar && [bar.x, bar.x + bar.width])).toEqual([
    [0, 750],
    [250, 1000],
    null,
  ]);
});
