import { aNewRun } from '../../test/support/a-run';
import type { Run } from '../runs/run';
import { type Claimant, mayAct, refusal } from './claimant';

const TOKEN = 'token-of-this-attempt';
const claimant = (more: Partial<Claimant> = {}): Claimant => ({
  workerId: null,
  attempt: null,
  leaseToken: null,
  ...more,
});
const run = (more: Partial<Run> = {}): Run => ({ ...aNewRun(), workerId: 'holder', ...more });

describe('lease rules', () => {
  it.each<[string, Partial<Run>, Partial<Claimant>, boolean]>([
    ['the holder of the token', { leaseToken: TOKEN }, { leaseToken: TOKEN }, true],
    ['the holder, naming its attempt', { leaseToken: TOKEN }, { leaseToken: TOKEN, attempt: 1 }, true],
    ['the holder under another name', { leaseToken: TOKEN }, { leaseToken: TOKEN, workerId: 'new' }, true],
    ['a former holder', { leaseToken: TOKEN, attempt: 2 }, { leaseToken: TOKEN, attempt: 1 }, false],
    ['a worker that knows only the name', { leaseToken: TOKEN }, { workerId: 'holder' }, false],
    ['a worker with another token', { leaseToken: TOKEN }, { leaseToken: 'guess' }, false],
    ['a call for steps that this server executes', {}, { workerId: 'holder' }, false],
    ['a call for steps that wait', { workerId: null }, {}, false],
    ['a nameless external worker', { executor: 'external' }, {}, true],
    ['the first external worker', { executor: 'external', workerId: null }, { workerId: 'w' }, true],
    ['an external worker whose lease is over', { executor: 'external' }, { leaseToken: 'old' }, false],
    ['another external worker', { executor: 'external' }, { workerId: 'w' }, false],
    ['an external worker without its token', { executor: 'external', leaseToken: TOKEN }, {}, false],
  ])('mayAct decides for %s', (_name, ofRun, of, expected) =>
    expect(mayAct(run(ofRun), claimant(of))).toBe(expected),
  );

  it('refusal reveals the end of a run only to its holder, and never the name of another worker', () => {
    const ended = run({ leaseToken: TOKEN, status: 'failed', endedAt: '2026-03-01T10:00:00.000Z' });
    expect(refusal(ended, claimant({ leaseToken: TOKEN })).code).toBe('RUN_ALREADY_ENDED');
    const refused = refusal(ended, claimant({ leaseToken: 'guess', attempt: 1 }));
    expect(refused.code).toBe('LEASE_LOST');
    expect(refused.detail).not.toMatch(/holder|failed/);
  });
});
