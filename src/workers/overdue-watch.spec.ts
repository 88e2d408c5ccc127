import { aNewRun, after, LATER } from '../../test/support/a-run';
import { overdueCommand } from './overdue-watch';
import type { Run } from '../runs/run';
import type { Limit } from './run-deadlines';
import { type RunCommand, transition } from '../runs/run-state';

const claim: RunCommand = { type: 'claim', workerId: 'worker-1', leaseSeconds: 30 };
const waiting = aNewRun();
const active = after(waiting, [claim]);

const passed =
  (...limits: Limit[]) =>
  (limit: Limit) =>
    limits.includes(limit);

describe('overdueCommand', () => {
  it.each<[string, Run, Limit[], RunCommand['type'] | null]>([
    ['null if no limit has passed', active, [], null],
    ['lose-worker after the lease', active, ['lease'], 'lose-worker'],
    ['fail-unclaimed after the claim timeout', waiting, ['claim'], 'fail-unclaimed'],
    ['null after the claim timeout of a claimed run', active, ['claim'], null],
    ['time-out after the time limit of an active run', active, ['finish'], 'time-out'],
    ['time-out after the time limit of a waiting run', waiting, ['finish'], 'time-out'],
    ['end-unconfirmed-stop after the grace period', active, ['stop'], 'end-unconfirmed-stop'],
    [
      'end-unconfirmed-stop before other commands',
      active,
      ['stop', 'lease', 'finish'],
      'end-unconfirmed-stop',
    ],
    ['lose-worker rather than time-out', active, ['lease', 'finish'], 'lose-worker'],
    ['fail-unclaimed rather than time-out', waiting, ['claim', 'finish'], 'fail-unclaimed'],
  ])('returns %s', (_what, run, limits, expected) =>
    expect(overdueCommand(run, passed(...limits))?.type ?? null).toBe(expected),
  );

  it('includes the lost attempt and the reason', () =>
    expect(overdueCommand(active, passed('lease'))).toEqual({
      type: 'lose-worker',
      attempt: 1,
      loss: { kind: 'lease-expired' },
    }));

  it('returns a command that the state machine accepts, in each phase with a limit', () => {
    const stop: RunCommand = { type: 'request-stop', reason: 'cancelled-by-user', requestedBy: 'ada' };
    const limits: [Run, Limit][] = [
      [waiting, 'claim'],
      [waiting, 'finish'],
      [active, 'lease'],
      [active, 'finish'],
      [after(active, [stop]), 'stop'],
      [after(active, [stop]), 'lease'],
    ];
    for (const [run, limit] of limits) {
      expect(transition(run, overdueCommand(run, passed(limit))!, LATER).applied).toBe(true);
    }
  });
});
