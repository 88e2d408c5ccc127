import { randomUUID } from 'node:crypto';
import { aNewRun, RUN_ID } from '../../test/support/a-run';
import { leaseProof, signed } from '../events/lease-proof';
import { type RunEvent, toStreamFields } from '../events/run-event';
import { type Evidence, speaksForAttempt } from './event-authority';
import type { Run } from './run';

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
const http = (leaseToken: string | null): Evidence => ({ origin: 'http', leaseToken });
const onStream = (event: RunEvent, token: string | null, more: object = {}): Evidence => ({
  origin: 'stream',
  fields: { ...signed(toStreamFields(event), token), ...more },
});
const run = (more: Partial<Run>): Run => ({ ...aNewRun(), ...more });

describe('who speaks for an attempt', () => {
  const own = run({});
  const claimed = run({ leaseToken: TOKEN, attempt: 2, pastLeases: { 1: PAST } });
  const external = run({ executor: 'external' });

  it.each<[string, Run, number | undefined, (event: RunEvent) => Evidence, boolean]>([
    ['this process', own, 1, () => ({ origin: 'server' }), true],
    ['a bare event over HTTP, of steps of this server', own, undefined, () => http(null), false],
    ['a bare event of the stream, of steps of this server', own, undefined, (e) => onStream(e, null), false],
    ['an external worker that never claimed', external, undefined, () => http(null), true],
    ['the same by the stream', external, 1, (e) => onStream(e, null), true],
    ['an external worker whose lease is over', external, 1, () => http(PAST), false],
    ['the holder over HTTP', claimed, 2, () => http(TOKEN), true],
    ['the holder over HTTP, naming no attempt', claimed, undefined, () => http(TOKEN), true],
    ['the holder by the stream', claimed, 2, (e) => onStream(e, TOKEN), true],
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
    ['a lost worker, of its own attempt', claimed, 1, () => http(PAST), true],
    ['a lost worker by the stream, of its own attempt', claimed, 1, (e) => onStream(e, PAST), true],
    ['a stranger, of a lost attempt', claimed, 1, () => http(TOKEN), false],
  ])('%s', (_name, ofRun, attempt, evidence, expected) => {
    const event = completed(attempt);
    expect(speaksForAttempt(event, ofRun, evidence(event))).toBe(expected);
  });

  it('is proven by HMAC-SHA256 over id, type, run and payload, joined by line feeds', () =>
    expect(leaseProof('key', { eventId: 'e', eventType: 'run.completed', runId: 'r', payload: '{}' })).toBe(
      '6bb1960c9456b5b435195e9fe525fe85814502d1bce4df3c7a5f5a3f89cd4eac',
    ));
});
