import { aNewRun, after, LATER } from '../../test/support/a-run';
import type { Run } from './run';
import type { RunCommand } from './run-state';
import { type ReportingHabit, UNKNOWN_HABIT } from './reporting-habits';
import { type WaitingFacts, waitingFor } from './waiting';
import { waitingMessage } from './waiting-text';

const SOON = '2026-03-01T10:05:10.000Z';
const MUCH_LATER = '2026-03-01T10:09:00.000Z';
const facts = (more: Partial<WaitingFacts> = {}): WaitingFacts => ({
  unpublished: false,
  stepWorkers: { slots: 2, busy: 0 },
  consumers: [],
  ...more,
});

const claim: RunCommand = { type: 'claim', workerId: 'worker-1', leaseSeconds: 30 };
const ask: RunCommand = { type: 'request-stop', reason: 'cancelled-by-user', requestedBy: 'ada' };
const unclaimed = aNewRun();
const external: Run = { ...aNewRun({ executor: 'external' }), requestPublishedAt: LATER };
const AT_END: ReportingHabit = { reports: 'only-at-end', typicalMs: 4200, lastReport: null };
const AT_START: ReportingHabit = { ...UNKNOWN_HABIT, reports: 'at-start' };

/** Returns the code and the message that clients receive. */
const said = (run: Run, known: WaitingFacts, now: string) => {
  const waiting = waitingFor(run, known, now);
  return waiting && { code: waiting.code, message: waitingMessage(waiting, run, now) };
};
const claimed = after(unclaimed, [claim]);
const nameless = after(external, [{ type: 'progress', occurredAt: LATER, payload: {} }]);

describe('waitingFor', () => {
  it.each<[string, Run, WaitingFacts, string, RegExp]>([
    [
      'its request is not published',
      unclaimed,
      facts({ unpublished: true }),
      'not-yet-published',
      /accepted and stored/,
    ],
    [
      'its request is not published and all slots are taken',
      unclaimed,
      facts({ unpublished: true, stepWorkers: { slots: 1, busy: 1 } }),
      'not-yet-published',
      /accepted and stored/,
    ],
    [
      'it was triggered less than a second ago',
      { ...unclaimed, startedAt: '2026-03-01T10:05:09.500Z' },
      facts(),
      'no-worker-yet',
      /triggered just now/,
    ],
    ['no worker claims it although a slot is free', unclaimed, facts(), 'no-worker-yet', /a slot is free/],
    [
      'no worker runs steps',
      unclaimed,
      facts({ stepWorkers: { slots: 0, busy: 0 } }),
      'no-worker-yet',
      /WORKER=off/,
    ],
    [
      'all slots are taken',
      unclaimed,
      facts({ stepWorkers: { slots: 2, busy: 2 } }),
      'workers-busy',
      /All 2 slots are taken/,
    ],
    [
      'its request is published, even if the slots of this server are taken',
      external,
      facts({ stepWorkers: { slots: 2, busy: 2 } }),
      'handed-out',
      /^Published at 2026-03-01T10:05:00.000Z; no worker has reported yet\. .* project demo\./,
    ],
    [
      'it is handed to a worker that reports only at the end',
      external,
      facts({ habit: AT_END }),
      'handed-out',
      /^Handed to a worker at 2026-03-01T10:05:00.000Z\. Workers of this project report only at the end, typically after 4 s\.$/,
    ],
    [
      'it is handed out while its request is published again',
      external,
      facts({ habit: AT_END, unpublished: true }),
      'handed-out',
      /^Handed to a worker/,
    ],
    [
      'its external worker is overdue',
      external,
      facts({ habit: AT_START }),
      'no-worker-yet',
      /^No external worker has reported since .*10:05:00.000Z; .* report when they start\./,
    ],
    [
      'the request of an external run is not published',
      { ...external, requestPublishedAt: null },
      facts({ unpublished: true, habit: AT_END }),
      'not-yet-published',
      /accepted and stored/,
    ],
    [
      'no external worker has reported but other consumers are active',
      external,
      facts({
        consumers: [
          { group: 'ml', name: 'gpu-1', idleMs: 3200 },
          { group: 'jobato-workers', name: 'w', idleMs: 0 },
        ],
      }),
      'handed-out',
      /^Published at .*Seen recently: gpu-1 \(ml, 3 s ago\)\.$/,
    ],
    [
      'no worker of this server runs steps but other consumers are active',
      unclaimed,
      facts({
        stepWorkers: { slots: 0, busy: 0 },
        consumers: [
          { group: 'ml', name: 'gpu-1', idleMs: 0 },
          { group: 'HTTP', name: 'w-1', idleMs: 0 },
        ],
      }),
      'no-worker-yet',
      /Seen recently: w-1 \(HTTP, 0 s ago\)\.$/,
    ],
    ['no consumer is active', external, facts(), 'handed-out', /without a group is not visible/],
    ['it is stopping', after(claimed, [ask]), facts(), 'stopping', /worker-1/],
    [
      'it is stopping and its worker has no name',
      after(nameless, [ask]),
      facts(),
      'stopping',
      /that holds the run/,
    ],
  ])('returns the reason and message if %s', (_what, run, known, code, message) => {
    expect(said(run, known, SOON)).toEqual({ code, message: expect.stringMatching(message) });
  });

  it('returns worker-silent with the last heartbeat after the lease has expired', () =>
    expect(said(claimed, facts(), MUCH_LATER)).toEqual({
      code: 'worker-silent',
      message: expect.stringContaining(`Worker worker-1 sent its last heartbeat at ${LATER}`),
    }));

  it('returns stopping rather than worker-silent for a run that is stopping', () =>
    expect(waitingFor(after(claimed, [ask]), facts(), MUCH_LATER)?.code).toBe('stopping'));

  it.each<[string, Run, string]>([
    ['its worker has the lease', claimed, SOON],
    ['its lease expires at this moment', claimed, claimed.leaseExpiresAt!],
    ['its worker has no lease', nameless, MUCH_LATER],
    ['it has ended', after(unclaimed, [ask]), MUCH_LATER],
  ])('returns null while %s', (_what, run, now) => {
    expect(waitingFor(run, facts({ unpublished: true }), now)).toBeNull();
  });
});
