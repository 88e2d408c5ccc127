import { aNewRun, after, LATER, RUN_ID } from '../../test/support/a-run';
import type { RunEvent } from '../events/run-event';
import type { Evidence } from './event-authority';
import { effectOf } from './event-effect';
import { type EventCounts, listingOf, MAX_LISTED_BYTES, MAX_LISTED_EVENTS, NO_EVENTS } from './event-listing';

const OURS: Evidence = { origin: 'server' };
const FULL: EventCounts = {
  listed: MAX_LISTED_EVENTS,
  listedBytes: 0,
  signsOfLife: 0,
  unlisted: 3,
  foreign: 0,
};
const event = (eventType: RunEvent['eventType'], payload: object) =>
  ({ eventId: 'e', eventType, eventVersion: 1, occurredAt: LATER, runId: RUN_ID, payload }) as RunEvent;
const list = (of: RunEvent, counts: EventCounts, bytes = 10, run = aNewRun(), evidence: Evidence = OURS) =>
  listingOf(of, effectOf(of, run, evidence, LATER), bytes, counts);
const progress = event('run.progress', { current: 1 });

it('lists and counts events', () =>
  expect(list(progress, NO_EVENTS)).toEqual({
    listing: 'listed',
    counts: { ...NO_EVENTS, listed: 1, listedBytes: 10 },
  }));

it.each<[string, RunEvent, string]>([
  ['progress', progress, 'unlisted'],
  ['the status of a step', event('run.progress', { step: 'a', stepStatus: 'running' }), 'unlisted'],
  ['calls, which have to count once', event('run.progress', { quotaUsed: 2 }), 'recorded'],
  ['the end', event('run.completed', {}), 'listed'],
  ['log lines, which the log bounds', event('run.log', { lines: [] }), 'listed'],
  [
    'a sign of life, which has a bound of its own',
    event('run.heartbeat', { workerId: 'w', attempt: 1 }),
    'listed',
  ],
])('beyond 10,000 events: %s', (_what, of, listing) => expect(list(of, FULL).listing).toBe(listing));

it('counts what is not listed', () => expect(list(progress, FULL).counts).toEqual({ ...FULL, unlisted: 4 }));

it('does not list a second end, however often it is sent', () => {
  const ended = after(aNewRun(), [{ type: 'complete', occurredAt: LATER, payload: {} }]);
  expect(list(event('run.completed', { issuedCalls: 5 }), FULL, 10, ended).listing).toBe('unlisted');
});

it('lists payloads up to 16 MiB together', () => {
  const nearlyFull = { ...NO_EVENTS, listedBytes: MAX_LISTED_BYTES - 10 };
  expect(list(progress, nearlyFull, 10).listing).toBe('listed');
  expect(list(progress, nearlyFull, 11).listing).toBe('unlisted');
});

it('keeps 10,000 signs of life, and counts no more of them as missing', () => {
  const beat = event('run.heartbeat', { workerId: 'w', attempt: 1 });
  const counts = { ...NO_EVENTS, signsOfLife: 10_000 };
  expect(list(beat, counts)).toEqual({ listing: 'unlisted', counts });
});

describe('what comes from a sender that does not hold the run', () => {
  const foreign: Evidence = { origin: 'http', leaseToken: 'wrong' };
  const listForeign = (of: RunEvent, counts: EventCounts, bytes = 10) =>
    list(of, counts, bytes, aNewRun(), foreign);

  it.each([
    ['log lines', event('run.log', { lines: [{ text: 'x' }] })],
    ['calls', event('run.progress', { quotaUsed: 2 })],
    ['an end', event('run.completed', {})],
    ['a sign of life', event('run.heartbeat', { workerId: 'w', attempt: 1 })],
    ['a forged stop', event('run.cancel.requested', { reason: 'r', requestedBy: 'alice' })],
  ])('has room for 20 events of its own, and is only counted then: %s', (_what, of) => {
    expect(listForeign(of, FULL)).toEqual({ listing: 'listed', counts: { ...FULL, foreign: 1 } });
    const full = { ...NO_EVENTS, foreign: 20 };
    expect(listForeign(of, full)).toEqual({ listing: 'unlisted', counts: { ...full, unlisted: 1 } });
  });

  it('is not listed where it is large', () => {
    expect(listForeign(progress, NO_EVENTS, 4096).listing).toBe('listed');
    expect(listForeign(progress, NO_EVENTS, 4097).listing).toBe('unlisted');
  });
});
