import { randomUUID } from 'node:crypto';
import { aNewRun, RUN_ID } from '../../test/support/a-run';
import { leaseProof, signed } from '../events/lease-proof';
import { type RunEvent, toStreamFields } from '../events/run-event';
import { type Evidence, speaksForAttempt } from './event-authority';
import type { Run } from '../runs/run';

const TOKEN = 'token-of-this-attempt';
const PAST = 'token-of-the-first-attempt';

const completed = (attempt?: number): RunEvent => ({
  eventId: randomUUID(),
  eventType: 'run.completed',
  eventVersion: 1,
  occurredAt: '2026-03-01T10:00:00.000Z',
  runId: RUN_ID,
  payload: attempt === undefined ? {} : { attempt },
});
const http = (leaseToken: string | null): Evidence => ({ via: 'http', leaseToken });
const onStream = (event: RunEvent, token: string | null, more: object = {}): Evidence => ({
  via: 'stream',
  fields: { ...signed(toStreamFields(event), token), ...more },
});
const run = (more: Partial<Run>): Run => ({ ...aNewRun(), ...more });

describe('speaksForAttempt', () => {
  const own = run({});
  const claimed = run({ leaseToken: TOKEN, attempt: 2, pastLeases: { 1: PAST } });
  const external = run({ executor: 'external' });

  it.each<[string, Run, number | undefined, (event: RunEvent) => Evidence, boolean]>([
    ['this process', own, 1, () => ({ via: 'server' }), true],
    ['an event without a token over HTTP, for a run with steps', own, undefined, () => http(null), false],
    [
      'an event without a token on the stream, for a run with steps',
      own,
      undefined,
      (e) => onStream(e, null),
      false,
    ],
    ['an external worker that never claimed', external, undefined, () => http(null), true],
    ['an external worker that never claimed, on the stream', external, 1, (e) => onStream(e, null), true],
    ['an external worker whose lease is over', external, 1, () => http(PAST), false],
    ['the holder over HTTP', claimed, 2, () => http(TOKEN), true],
    ['the holder over HTTP, naming no attempt', claimed, undefined, () => http(TOKEN), true],
    ['the holder on the stream', claimed, 2, (e) => onStream(e, TOKEN), true],
    ['a call with another token', claimed, 2, () => http(PAST), false],
    ['a call without a token', claimed, 2, () => http(null), false],
    ['an entry without a proof', claimed, 2, (e) => onStream(e, null), false],
    [
      'an entry with the token in place of its proof',
      claimed,
      2,
      (e) => onStream(e, null, { leaseProof: TOKEN }),
      false,
    ],
    [
      'an entry proven for another payload',
      claimed,
      2,
      (e) => onStream(e, TOKEN, { payload: '{"attempt":3}' }),
      false,
    ],
    [
      'an entry proven for another event',
      claimed,
      2,
      (e) => onStream(e, TOKEN, { eventId: randomUUID() }),
      false,
    ],
    ['a lost worker, for its own attempt', claimed, 1, () => http(PAST), true],
    ['a lost worker on the stream, for its own attempt', claimed, 1, (e) => onStream(e, PAST), true],
    ['another worker, for a lost attempt', claimed, 1, () => http(TOKEN), false],
  ])('verifies the sender: %s', (_name, ofRun, attempt, evidence, expected) => {
    const event = completed(attempt);
    expect(speaksForAttempt(event, ofRun, evidence(event))).toBe(expected);
  });

  it('leaseProof returns the HMAC-SHA256 of id, type, run and payload joined by line feeds', () =>
    expect(leaseProof('key', { eventId: 'e', eventType: 'run.completed', runId: 'r', payload: '{}' })).toBe(
      '6bb1960c9456b5b435195e9fe525fe85814502d1bce4df3c7a5f5a3f89cd4eac',
    ));
});
