import { aNewRun, after, LATER, RUN_ID } from '../../test/support/a-run';
import { signed } from '../events/lease-proof';
import { type RunEvent, toStreamFields } from '../events/run-event';
import type { Evidence } from './event-authority';
import { effectOf } from './event-effect';
import type { Run } from '../runs/run';

const TOKEN = 'token-of-the-holder';
const event = (eventType: RunEvent['eventType'], payload: object) =>
  ({ eventId: 'e', eventType, eventVersion: 1, occurredAt: LATER, runId: RUN_ID, payload }) as RunEvent;
const http = (leaseToken: string | null): Evidence => ({ via: 'http', leaseToken });
const claimed: Run = {
  ...aNewRun(),
  executor: 'external',
  leaseToken: TOKEN,
  workerId: 'holder',
  claimedAt: LATER,
};
const ended = after(claimed, [{ type: 'complete', occurredAt: LATER, payload: {} }]);
const outcome = (of: RunEvent, run: Run, evidence: Evidence) => {
  const { outcome: name, isFromHolder, changed, emits, logLines } = effectOf(of, run, evidence, LATER);
  return { name, isFromHolder, isChanged: changed !== null || emits.length > 0 || logLines !== null };
};
const STRANGER = { name: 'lease-lost', isFromHolder: false, isChanged: false };

describe('event from a sender without the lease', () => {
  it.each([
    ['run.started', 'holder'],
    ['run.started', 'another'],
    ['run.heartbeat', 'holder'],
    ['run.heartbeat', 'another'],
  ] as const)('is rejected regardless of the worker ID: %s from %s', (type, workerId) => {
    const of = event(type, { workerId, attempt: 1 });
    for (const run of [claimed, ended]) {
      for (const token of [null, 'guessed']) expect(outcome(of, run, http(token))).toEqual(STRANGER);
    }
  });

  it.each([
    event('run.progress', { current: 1 }),
    event('run.log', { lines: [{ text: 'x' }] }),
    event('run.completed', {}),
    event('run.failed', { errorCode: 'E', message: 'm' }),
    event('run.cancelled', {}),
  ])('is rejected before other checks: $eventType', (of) => {
    for (const run of [claimed, ended, aNewRun()]) expect(outcome(of, run, http(null))).toEqual(STRANGER);
  });

  it('with an unknown attempt is not attributed to the holder, so its calls do not count', () => {
    const of = event('run.progress', { attempt: 2, quotaUsed: 5 });
    for (const token of [null, TOKEN])
      expect(outcome(of, claimed, http(token))).toEqual({ ...STRANGER, name: 'unknown-attempt' });
  });
});

it.each([
  event('run.cancel.requested', { reason: 'r', requestedBy: 'alice (admin)' }),
  event('run.requested', {
    projectId: 'p',
    scope: 'full',
    steps: [],
    definitionHash: '',
    params: {},
    attempt: 1,
  }),
])('is rejected from any sender: $eventType', (of) => {
  const onStream: Evidence = { via: 'stream', fields: { ...signed(toStreamFields(of), TOKEN) } };
  for (const evidence of [http(null), http(TOKEN), onStream]) {
    expect(outcome(of, claimed, evidence)).toEqual({ ...STRANGER, name: 'not-from-server' });
  }
});

it('reports why an event from the holder has no effect', () => {
  const late = event('run.progress', { current: 1 });
  expect(outcome(late, ended, http(TOKEN))).toEqual({
    name: 'already-ended',
    isFromHolder: true,
    isChanged: false,
  });
});
