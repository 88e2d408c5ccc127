import { aNewRun, after, LATER } from '../../test/support/a-run';
import type { Run } from './run';
import type { RunCommand } from './run-state';
import { type WaitingFacts, waitingFor } from './waiting';

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
const external = aNewRun({ executor: 'external' });
const claimed = after(unclaimed, [claim]);
const nameless = after(external, [{ type: 'progress', occurredAt: LATER, payload: {} }]);

describe('why a run is not further', () => {
  it.each<[string, Run, WaitingFacts, string, RegExp]>([
    [
      'its request is not published',
      unclaimed,
      facts({ unpublished: true }),
      'not-yet-published',
      /accepted and safe/,
    ],
    [
      'its request is not published and all places are taken',
      unclaimed,
      facts({ unpublished: true, stepWorkers: { slots: 1, busy: 1 } }),
      'not-yet-published',
      /accepted and safe/,
    ],
    [
      'it was only just asked for',
      { ...unclaimed, startedAt: '2026-03-01T10:05:09.500Z' },
      facts(),
      'no-worker-yet',
      /only just/,
    ],
    ['nobody takes it though somebody could', unclaimed, facts(), 'no-worker-yet', /a place for it/],
    [
      'nobody carries out steps',
      unclaimed,
      facts({ stepWorkers: { slots: 0, busy: 0 } }),
      'no-worker-yet',
      /WORKER=off/,
    ],
    [
      'every place is taken',
      unclaimed,
      facts({ stepWorkers: { slots: 2, busy: 2 } }),
      'workers-busy',
      /All 2 places/,
    ],
    [
      'its external worker is not there, whatever our own places say',
      external,
      facts({ stepWorkers: { slots: 2, busy: 2 } }),
      'no-worker-yet',
      /external worker .* project demo\./,
    ],
    [
      'its external worker is not there, but others are',
      external,
      facts({
        consumers: [
          { group: 'ml', name: 'gpu-1', idleMs: 3200 },
          { group: 'jobato-workers', name: 'w', idleMs: 0 },
        ],
      }),
      'no-worker-yet',
      /since 2026-03-01T10:00:00.000Z\. .*Heard of lately: gpu-1 \(ml, 3 s ago\)\.$/,
    ],
    [
      'nobody here carries out steps, but workers elsewhere were heard of',
      unclaimed,
      facts({
        stepWorkers: { slots: 0, busy: 0 },
        consumers: [
          { group: 'ml', name: 'gpu-1', idleMs: 0 },
          { group: 'HTTP', name: 'w-1', idleMs: 0 },
        ],
      }),
      'no-worker-yet',
      /Heard of lately: w-1 \(HTTP, 0 s ago\)\.$/,
    ],
    ['nobody was heard of', external, facts(), 'no-worker-yet', /without a group cannot be seen/],
    ['it is being stopped', after(claimed, [ask]), facts(), 'stopping', /worker-1/],
    [
      'it is being stopped by nobody knows whom',
      after(nameless, [ask]),
      facts(),
      'stopping',
      /that has the run/,
    ],
  ])('says that %s', (_what, run, known, code, message) => {
    expect(waitingFor(run, known, SOON)).toEqual({ code, message: expect.stringMatching(message) });
  });

  it('says that the worker is silent once its lease is over, and since when', () =>
    expect(waitingFor(claimed, facts(), MUCH_LATER)).toEqual({
      code: 'worker-silent',
      message: expect.stringContaining(`worker-1 has not been heard from since ${LATER}`),
    }));

  it('says that it is stopping rather than that the worker is silent', () =>
    expect(waitingFor(after(claimed, [ask]), facts(), MUCH_LATER)?.code).toBe('stopping'));

  it.each<[string, Run, string]>([
    ['its worker has the lease', claimed, SOON],
    ['the lease ends this very moment', claimed, claimed.leaseExpiresAt!],
    ['its worker promised nothing', nameless, MUCH_LATER],
    ['it has ended', after(unclaimed, [ask]), MUCH_LATER],
  ])('says nothing while %s', (_what, run, now) => {
    expect(waitingFor(run, facts({ unpublished: true }), now)).toBeNull();
  });
});
