import { after, aNewRun, LATER, START } from '../../../test/support/a-run';
import { plainText } from '../../runs/text-part';
import type { RunCommand } from '../../runs/run-state';
import type { Run } from '../../runs/run';
import { runOutcome } from './run-outcome';

const CLAIM: RunCommand = { type: 'claim', workerId: 'worker-2', leaseSeconds: 60 };
const progress = (payload: Extract<RunCommand, { type: 'progress' }>['payload']): RunCommand => ({
  type: 'progress',
  occurredAt: LATER,
  payload,
});
const inParse = after(aNewRun(), [CLAIM, progress({ step: 'parse', stepStatus: 'running' })]);
const titleOf = (run: Run) => runOutcome(run, [])?.title;
const STOP: RunCommand = { type: 'request-stop', reason: 'cancelled-by-user', requestedBy: 'ada' };

it('is nothing for an active or completed run', () => {
  expect(runOutcome(inParse, [])).toBeNull();
  expect(runOutcome(after(inParse, [{ type: 'complete', occurredAt: LATER, payload: {} }]), [])).toBeNull();
});

it('names the step that failed, and the code', () => {
  const failed = after(inParse, [
    progress({ step: 'parse', stepStatus: 'failed', exitCode: 3 }),
    {
      type: 'fail',
      occurredAt: LATER,
      payload: { errorCode: 'NO_TABLE', message: 'No table.', step: 'parse' },
    },
  ]);
  expect(runOutcome(failed, ['Traceback'])).toEqual({
    title: 'Step parse failed with exit code 3',
    code: 'NO_TABLE',
    message: [{ text: 'No table.' }],
    errorLines: ['Traceback'],
    logHref: '?step=parse#run-log',
  });
});

it('leaves out the message of a failed step if its error output explains it', () => {
  const failed = after(inParse, [
    { type: 'fail', occurredAt: LATER, payload: { errorCode: 'STEP_FAILED', message: 'No.', step: 'parse' } },
  ]);
  expect(runOutcome(failed, ['Traceback'])!.message).toBeNull();
  expect(runOutcome(failed, [])!.message).toEqual([{ text: 'No.' }]);
});

it('is titled with the reason of the end, although a step is failed too', () => {
  const lost = after(inParse, [{ type: 'lose-worker', attempt: 1, loss: { kind: 'lease-expired' } }]);
  expect(lost.steps.find(({ name }) => name === 'parse')!.status).toBe('failed');
  expect(titleOf(lost)).toBe('Worker lost in step parse');
  expect(plainText(runOutcome(lost, [])!.message!)).toContain('Worker worker-2 sent its last heartbeat at');
  expect(titleOf(after(inParse, [{ type: 'time-out' }]))).toBe('Timed out in step parse');
  expect(titleOf(after(inParse, [{ type: 'end-restored' }]))).toBe(
    'Active when the restored backup was made',
  );
});

it('is titled with the reason where no step is known', () => {
  const waiting = aNewRun({ claimTimeoutSeconds: 60 });
  expect(titleOf(after(waiting, [{ type: 'fail-unclaimed' }]))).toBe('No worker reported in time');
  expect(titleOf(after(waiting, [STOP], START))).toBe('Stopped by ada');
});

it('tells how far a partial run came', () => {
  const partial = after(inParse, [
    progress({ step: 'parse', current: 60, total: 80 }),
    { type: 'complete', occurredAt: LATER, payload: { status: 'partial', reason: 'quota-reached' } },
  ]);
  expect(titleOf(partial)).toBe('Quota used up after 60 of 80 in parse');
});
