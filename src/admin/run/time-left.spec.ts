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
  ['counts the steps that are to come', inFetch, 10, 'about 6 min left', false],
  ['counts what is left of this step', inParse, 120, 'about 4 min left', false],
  ['goes by what the step itself says', halfParsed, 210, 'about 3 min left', false],
  ['goes by its pace where it is slower than usual', halfParsed, 300, 'about 4 min left', false],
  [
    'says so where that is already longer than it all usually takes',
    halfParsed,
    5000,
    'about 1 h 30 min left at this pace, longer than typical',
    true,
  ],
  ['does not jump with each second', inParse, 121, 'about 4 min left', false],
  [
    'says so where a step takes longer',
    inParse,
    500,
    'longer than the typical 5 min 0 s; later steps take about 20 s',
    true,
  ],
  ['takes a run of unknown steps as a whole', external, 200, 'about 3 min left', false],
])('%s', (_what, run, seconds, text, isOver) => {
  expect(timeLeft(run, EARLIER, at(seconds))).toEqual({ text, isOver });
});

it.each<[string, Run, Run[]]>([
  ['with fewer than three runs to go by', inFetch, EARLIER.slice(1)],
  [
    'about a step that earlier runs did not have',
    after(inFetch, [says(1, { step: 'new', stepStatus: 'running' })], FAR),
    EARLIER,
  ],
  ['before anybody has the run', aNewRun(), EARLIER],
  [
    'about a run that is to stop',
    after(inFetch, [{ type: 'request-stop', reason: 'x', requestedBy: 'ada' }]),
    EARLIER,
  ],
  ['when it has ended', EARLIER[0]!, EARLIER],
])('says nothing %s', (_what, run, earlier) => {
  expect(timeLeft(run, earlier, at(10))).toBeNull();
});
