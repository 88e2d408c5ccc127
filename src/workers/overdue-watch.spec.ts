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
    ['nothing while no limit has passed', active, [], null],
    ['a lost worker after its lease', active, ['lease'], 'lose-worker'],
    ['the end of waiting after the claim time-out', waiting, ['claim'], 'give-up-waiting'],
    ['nothing of claiming once it is claimed', active, ['claim'], null],
    ['a time-out after the time of an active run', active, ['finish'], 'time-out'],
    ['a time-out after the time of a waiting run', waiting, ['finish'], 'time-out'],
    ['the end of stopping after the grace period', active, ['stop'], 'give-up-stopping'],
    ['the end of stopping first', active, ['stop', 'lease', 'finish'], 'give-up-stopping'],
    ['a lost worker rather than a time-out', active, ['lease', 'finish'], 'lose-worker'],
    ['the end of waiting rather than a time-out', waiting, ['claim', 'finish'], 'give-up-waiting'],
  ])('is %s', (_what, run, limits, expected) =>
    expect(overdueCommand(run, passed(...limits))?.type ?? null).toBe(expected),
  );

  it('names the attempt that was lost, and why', () =>
    expect(overdueCommand(active, passed('lease'))).toEqual({
      type: 'lose-worker',
      attempt: 1,
      loss: { kind: 'lease-expired' },
    }));

  it('is a command that the state machine accepts, in every phase that has a limit', () => {
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
