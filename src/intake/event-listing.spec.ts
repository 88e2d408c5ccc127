import { aNewRun, after, LATER, RUN_ID } from '../../test/support/a-run';
import type { RunEvent } from '../events/run-event';
import type { Evidence } from './event-authority';
import { effectOf } from './event-effect';
import { type EventCounts, listingOf, MAX_LISTED_BYTES, MAX_LISTED_EVENTS, NO_EVENTS } from './event-listing';

const FROM_SERVER: Evidence = { via: 'server' };
const FULL: EventCounts = {
  listed: MAX_LISTED_EVENTS,
  listedBytes: 0,
  heartbeats: 0,
  unlisted: 3,
  foreign: 0,
};
const event = (eventType: RunEvent['eventType'], payload: object) =>
  ({ eventId: 'e', eventType, eventVersion: 1, occurredAt: LATER, runId: RUN_ID, payload }) as RunEvent;
const list = (
  runEvent: RunEvent,
  counts: EventCounts,
  bytes = 10,
  run = aNewRun(),
  evidence: Evidence = FROM_SERVER,
) => listingOf(runEvent, effectOf(runEvent, run, evidence, LATER), bytes, counts);
const progress = event('run.progress', { current: 1 });

it('lists and counts events', () =>
  expect(list(progress, NO_EVENTS)).toEqual({
    listing: 'listed',
    counts: { ...NO_EVENTS, listed: 1, listedBytes: 10 },
  }));

it.each<[string, string, RunEvent]>([
  ['reports of progress', 'unlisted', progress],
  ['reports of a step', 'unlisted', event('run.progress', { step: 'a', stepStatus: 'running' })],
  ['calls, which must count exactly once,', 'recorded', event('run.progress', { quotaUsed: 2 })],
  ['end events', 'listed', event('run.completed', {})],
  ['log lines, which the log limits,', 'listed', event('run.log', { lines: [] })],
  [
    'heartbeats, which have their own limit,',
    'listed',
    event('run.heartbeat', { workerId: 'w', attempt: 1 }),
  ],
])('beyond 10,000 events, %s are handled as %s', (_what, listing, runEvent) =>
  expect(list(runEvent, FULL).listing).toBe(listing),
);

it('counts unlisted events', () => expect(list(progress, FULL).counts).toEqual({ ...FULL, unlisted: 4 }));

it('does not list a second end event beyond the limit', () => {
  const ended = after(aNewRun(), [{ type: 'complete', occurredAt: LATER, payload: {} }]);
  expect(list(event('run.completed', { issuedCalls: 5 }), FULL, 10, ended).listing).toBe('unlisted');
});

it('limits listed payloads to 16 MiB in total', () => {
  const nearlyFull = { ...NO_EVENTS, listedBytes: MAX_LISTED_BYTES - 10 };
  expect(list(progress, nearlyFull, 10).listing).toBe('listed');
  expect(list(progress, nearlyFull, 11).listing).toBe('unlisted');
});

it('neither lists nor counts heartbeats beyond 10,000', () => {
  const beat = event('run.heartbeat', { workerId: 'w', attempt: 1 });
  const counts = { ...NO_EVENTS, heartbeats: 10_000 };
  expect(list(beat, counts)).toEqual({ listing: 'unlisted', counts });
});

describe('events from a sender without the lease', () => {
  const foreign: Evidence = { via: 'http', leaseToken: 'wrong' };
  const listForeign = (runEvent: RunEvent, counts: EventCounts, bytes = 10) =>
    list(runEvent, counts, bytes, aNewRun(), foreign);

  it.each([
    ['log lines', event('run.log', { lines: [{ text: 'x' }] })],
    ['calls', event('run.progress', { quotaUsed: 2 })],
    ['an end', event('run.completed', {})],
    ['a heartbeat', event('run.heartbeat', { workerId: 'w', attempt: 1 })],
    ['a forged stop', event('run.cancel.requested', { reason: 'r', requestedBy: 'alice' })],
  ])('are listed up to 20 per run, then only counted: %s', (_what, runEvent) => {
    expect(listForeign(runEvent, FULL)).toEqual({ listing: 'listed', counts: { ...FULL, foreign: 1 } });
    const full = { ...NO_EVENTS, foreign: 20 };
    expect(listForeign(runEvent, full)).toEqual({ listing: 'unlisted', counts: { ...full, unlisted: 1 } });
  });

  it('are not listed if they are large', () => {
    expect(listForeign(progress, NO_EVENTS, 4096).listing).toBe('listed');
    expect(listForeign(progress, NO_EVENTS, 4097).listing).toBe('unlisted');
  });
});
