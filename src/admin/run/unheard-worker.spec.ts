import { plainText } from '../../runs/text-part';
import { aNewRun, after, LATER } from '../../../test/support/a-run';
import type { Run } from '../../runs/run';
import type { RunCommand } from '../../runs/run-state';
import { askAgainOffer, lateEndWords, workerWords } from './unheard-worker';

const NOW = '2026-03-01T10:10:00.000Z';
const stop: RunCommand = { type: 'request-stop', reason: 'cancelled-by-user', requestedBy: 'ada' };
const claim: RunCommand = { type: 'claim', workerId: 'worker-1', leaseSeconds: 30 };
const said = { occurredAt: LATER, payload: {} };
const fail: RunCommand = {
  type: 'fail',
  occurredAt: LATER,
  payload: { errorCode: 'E', message: 'it broke' },
};
const steps = aNewRun();
const accepted = aNewRun({ executor: 'external' });
const handedOut: Run = { ...accepted, requestPublishedAt: LATER };

it.each<[string, Run]>([
  ['No worker yet', steps],
  ['No worker yet', accepted],
  ['No worker has reported yet', handedOut],
  ['Worker worker-1', after(handedOut, [claim])],
  ['Unnamed worker', after(handedOut, [{ type: 'progress', ...said }])],
  ['Unnamed worker', after(handedOut, [{ type: 'complete', ...said }])],
  ['Unnamed worker', after(handedOut, [fail])],
  ['Unnamed worker', after(handedOut, [{ type: 'confirm-stop', ...said }])],
  ['No worker reported', after(handedOut, [stop])],
  ['No worker reported', after(handedOut, [{ type: 'fail-unclaimed' }])],
  ['No worker reported', after(handedOut, [{ type: 'time-out' }])],
])('workerWords returns "%s"', (words, run) => expect(workerWords(run)).toBe(words));

it.each([
  ['run.completed', 'The worker reported “completed” at '],
  ['run.failed', 'The worker reported “failed” at '],
  ['run.cancelled', 'The worker confirmed the stop at '],
] as const)('lateEndWords describes a late %s', (eventType, words) => {
  const cancelled = after(handedOut, [stop]);
  const text = plainText(lateEndWords(cancelled, { position: 9, eventType, at: NOW }));
  expect(text).toBe(
    `${words}2026-03-01 10:10 UTC. The run had already ended as cancelled, so the report was ignored.`,
  );
});

it('askAgainOffer exists only for a published run that no worker claimed', () => {
  const offered = (code: string) =>
    askAgainOffer(handedOut, { code, publishedAt: null, typicalMs: null } as never);
  expect(offered('handed-out')).toMatchObject({ warning: expect.stringContaining('twice') });
  expect(offered('no-worker-yet')).not.toBeNull();
  for (const code of ['not-yet-published', 'workers-busy', 'stopping', 'worker-silent'])
    expect(offered(code)).toBeNull();
  expect(askAgainOffer(handedOut, null)).toBeNull();
});
