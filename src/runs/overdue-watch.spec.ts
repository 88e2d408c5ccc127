import { plusSeconds } from '../clock/clock';
import { aNewRun, after, LATER } from '../../test/support/a-run';
import { overdueCommand } from './overdue-watch';
import type { Run } from './run';
import { type RunCommand, transition } from './run-state';

const NOW = '2026-03-01T12:00:00.000Z';
const PAST = '2026-03-01T11:59:59.999Z';
const FUTURE = '2026-03-01T12:00:00.001Z';

const claim: RunCommand = { type: 'claim', workerId: 'worker-1', leaseSeconds: 30 };
const waiting = aNewRun();
const active: Run = { ...after(waiting, [claim]), leaseExpiresAt: null };

describe('overdueCommand', () => {
  it.each<[string, Run, RunCommand['type'] | null]>([
    ['nothing where no limit is set', waiting, null],
    ['nothing while the lease runs', { ...active, leaseExpiresAt: FUTURE }, null],
    ['nothing at the very end of the lease', { ...active, leaseExpiresAt: NOW }, null],
    ['a lost worker after it', { ...active, leaseExpiresAt: PAST }, 'lose-worker'],
    ['nothing while somebody may still claim it', { ...waiting, claimBy: FUTURE }, null],
    ['the end of waiting after that', { ...waiting, claimBy: PAST }, 'give-up-waiting'],
    ['nothing of claiming once it is claimed', { ...active, claimBy: PAST }, null],
    ['a time-out after the time of an active run', { ...active, finishBy: PAST }, 'time-out'],
    ['a time-out after the time of a waiting run', { ...waiting, finishBy: PAST }, 'time-out'],
    ['nothing while a stop may be confirmed', { ...active, stopBy: FUTURE }, null],
    ['the end of stopping after that', { ...active, stopBy: PAST }, 'give-up-stopping'],
    [
      'the end of stopping first',
      { ...active, stopBy: PAST, leaseExpiresAt: PAST, finishBy: PAST },
      'give-up-stopping',
    ],
    [
      'a lost worker rather than a time-out',
      { ...active, leaseExpiresAt: PAST, finishBy: PAST },
      'lose-worker',
    ],
    [
      'the end of waiting rather than a time-out',
      { ...waiting, claimBy: PAST, finishBy: PAST },
      'give-up-waiting',
    ],
  ])('is %s', (_what, run, expected) => expect(overdueCommand(run, NOW)?.type ?? null).toBe(expected));

  it('names who is lost, and since when', () =>
    expect(overdueCommand({ ...active, leaseExpiresAt: PAST }, NOW)).toEqual({
      type: 'lose-worker',
      attempt: 1,
      message: expect.stringContaining(`worker-1 was last heard from at ${LATER}`),
    }));

  it('is a command that the state machine accepts, in every phase that has a limit', () => {
    const limited = aNewRun({
      executor: 'external',
      timeoutSeconds: 60,
      claimTimeoutSeconds: 5,
      stopGraceSeconds: 5,
    });
    const stop: RunCommand = { type: 'request-stop', reason: 'cancelled-by-user', requestedBy: 'ada' };
    for (const run of [limited, after(limited, [claim]), after(limited, [claim, stop])]) {
      const command = overdueCommand(run, NOW);
      expect(command).not.toBeNull();
      expect(transition(run, command!, NOW).applied).toBe(true);
    }
  });

  it('leaves a run alone that gets a worker anew after losing one', () => {
    const patient = aNewRun({ maxAttempts: 2, claimTimeoutSeconds: 60 });
    const lost: RunCommand = { type: 'lose-worker', attempt: 1, message: 'It fell silent.' };
    const { run } = transition(after(patient, [claim]), lost, NOW);
    expect(overdueCommand(run, plusSeconds(NOW, 59))).toBeNull();
    expect(overdueCommand(run, plusSeconds(NOW, 61))?.type).toBe('give-up-waiting');
  });
});
