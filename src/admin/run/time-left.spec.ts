import { after, aNewRun, START } from '../../../test/support/a-run';
import type { RunEventMap } from '../../events/run-event';
import type { Run } from '../../runs/run';
import type { RunCommand } from '../../runs/run-state';
import { timeLeft } from './time-left';

const at = (seconds: number) => new Date(Date.parse(START) + seconds * 1000).toISOString();
const CLAIM: RunCommand = { type: 'claim', workerId: 'w', leaseSeconds: 60 };
const says = (seconds: number, payload: RunEventMap['run.progress']): RunCommand => ({
  type: 'progress',
  occurredAt: at(seconds),
  payload,
});
const FAR = at(100_000);
const claimed = after(aNewRun(), [CLAIM], START);

/** Returns a run whose steps took these numbers of seconds, one after the other. */
function completed(seconds: number[]): Run {
  let passed = 0;
  const commands = ['fetch', 'parse', 'report'].flatMap((step, index) => [
    says(passed, { step, stepStatus: 'running' }),
    says((passed += seconds[index]!), { step, stepStatus: 'completed' }),
  ]);
  return after(claimed, [...commands, { type: 'complete', occurredAt: at(passed), payload: {} }], FAR);
}

const EARLIER = [completed([60, 300, 20]), completed([60, 300, 20]), completed([60, 9000, 20])];
const inFetch = after(claimed, [says(0, { step: 'fetch', stepStatus: 'running' })], FAR);
const inParse = after(
  inFetch,
  [says(60, { step: 'fetch', stepStatus: 'completed' }), says(60, { step: 'parse', stepStatus: 'running' })],
  FAR,
);
const halfParsed = after(inParse, [says(90, { step: 'parse', current: 5, total: 10 })], FAR);
const external = after(aNewRun({ executor: 'external', steps: [] }), [CLAIM], FAR);

it.each<[string, Run, number, string, boolean]>([
  ['includes the steps to come', inFetch, 10, 'about 6 min left', false],
  ['includes the rest of the current step', inParse, 120, 'about 4 min left', false],
  ['uses the progress that the step reports', halfParsed, 210, 'about 3 min left', false],
  ['uses the actual pace if it is slower than usual', halfParsed, 300, 'about 4 min left', false],
  [
    'reports a run that exceeds its typical duration',
    halfParsed,
    5000,
    'about 1 h 30 min left at this pace, longer than typical',
    true,
  ],
  ['stays stable from second to second', inParse, 121, 'about 4 min left', false],
  [
    'reports a step that exceeds its typical duration',
    inParse,
    500,
    'longer than the typical 5 min 0 s; later steps take about 20 s',
    true,
  ],
  ['estimates a run of unknown steps as a whole', external, 200, 'about 3 min left', false],
])('timeLeft %s', (_what, run, seconds, text, isOver) => {
  expect(timeLeft(run, EARLIER, at(seconds))).toEqual({ text, isOver });
});

it.each<[string, Run, Run[]]>([
  ['with fewer than three earlier runs', inFetch, EARLIER.slice(1)],
  [
    'for a step that earlier runs did not have',
    after(inFetch, [says(1, { step: 'new', stepStatus: 'running' })], FAR),
    EARLIER,
  ],
  ['before a worker claims the run', aNewRun(), EARLIER],
  [
    'for a run that is stopping',
    after(inFetch, [{ type: 'request-stop', reason: 'x', requestedBy: 'ada' }]),
    EARLIER,
  ],
  ['after the run has ended', EARLIER[0]!, EARLIER],
])('timeLeft returns null %s', (_what, run, earlier) => {
  expect(timeLeft(run, earlier, at(10))).toBeNull();
});
