import { aNewRun, after, LATER } from '../../test/support/a-run';
import type { Run, WorkerLoss } from './run';
import { errorSentences, workerMayStillBeBusy, runError } from './run-error';
import type { RunCommand } from './run-state';

const claim: RunCommand = { type: 'claim', workerId: 'worker-1', leaseSeconds: 30 };
const accepted = { ...aNewRun({ executor: 'external' }), maxAttempts: 1 };
const handedOut: Run = { ...accepted, requestPublishedAt: LATER };
const lost = (loss: WorkerLoss): Run =>
  after({ ...aNewRun(), maxAttempts: 1 }, [claim, { type: 'lose-worker', attempt: 1, loss }]);
const stop: RunCommand = { type: 'request-stop', reason: 'cancelled-by-user', requestedBy: 'ada' };

it.each<[string, Run, string]>([
  [
    'a restored backup',
    after(aNewRun(), [claim, { type: 'end-restored' }]),
    'The server was restored from a backup that was made while the run was active. The outcome of the run is unknown.',
  ],
  [
    'an expired lease',
    lost({ kind: 'lease-expired' }),
    `Worker worker-1 sent its last heartbeat at ${LATER}, and its lease expired.`,
  ],
  ['a run returned', lost({ kind: 'returned', reason: null }), 'Worker worker-1 returned the run.'],
  [
    'a run returned with a reason',
    lost({ kind: 'returned', reason: 'SIGTERM' }),
    'Worker worker-1 returned the run: SIGTERM',
  ],
  [
    'a server that was stopped',
    lost({ kind: 'server-stopped' }),
    'The server was stopped while the run was active.',
  ],
  [
    'a server that crashed',
    lost({ kind: 'server-crashed' }),
    'The server ended unexpectedly while the run was active.',
  ],
  [
    'a stop without a worker',
    after(handedOut, [stop]),
    `Cancelled immediately: no worker had reported. The request was published at ${LATER}; a worker may still be working on it.`,
  ],
  [
    'a request that no worker took',
    after(accepted, [{ type: 'fail-unclaimed' }]),
    'No worker claimed the run within 0 s (claimTimeoutSeconds).',
  ],
  [
    'a run that took too long',
    after(handedOut, [{ type: 'time-out' }]),
    'The run took longer than the project allows (timeoutSeconds).',
  ],
])('explains %s', (_what, run, message) => expect(runError(run)!.message).toBe(message));

it('returns the message that a worker reported or an older version stored', () => {
  const message = 'Disk full. Sorry.';
  expect(runError({ ...handedOut, error: { code: 'WORKER_LOST', message } })).toEqual({
    code: 'WORKER_LOST',
    message,
  });
  expect(errorSentences({ ...handedOut, error: { code: 'X', message } })).toEqual([[{ text: message }]]);
  expect(runError(handedOut)).toBeNull();
});

it('detects ends after which a worker may still be active', () => {
  expect(workerMayStillBeBusy(after(handedOut, [stop]))).toBe(true);
  expect(workerMayStillBeBusy(after(accepted, [{ type: 'fail-unclaimed' }]))).toBe(false);
  expect(workerMayStillBeBusy(lost({ kind: 'lease-expired' }))).toBe(false);
});
