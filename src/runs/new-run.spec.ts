import { plusSeconds } from '../clock/clock';
import { aNewRun, RUN_ID, START } from '../../test/support/a-run';
import { KILL_AFTER_SECONDS } from './new-run';
import { phaseOf, requestOf } from './run-state';

describe('a new run', () => {
  it('is running, nobody’s yet, and has done nothing', () => {
    const run = aNewRun();
    expect(phaseOf(run)).toBe('waiting');
    expect(run).toMatchObject({
      runId: RUN_ID,
      status: 'running',
      statusReason: null,
      startedAt: START,
      attempt: 1,
      workerId: null,
      endedAt: null,
      metrics: {},
      error: null,
      artifacts: [],
      revision: 1,
    });
    expect(run.steps.map(({ name, status }) => [name, status])).toEqual([
      ['fetch', 'pending'],
      ['parse', 'pending'],
      ['report', 'pending'],
    ]);
  });

  it('keeps what it is to look for and what it may use, for each of its attempts', () => {
    const runInputs = [{ queryId: 'q', queryText: 'x', domain: 'a.com', searchQuery: 'site:a.com x' }];
    const quota = { remaining: 3, concurrencyLimit: 1 };
    const run = aNewRun({}, { runInputs, quota });
    expect(run).toMatchObject({ runInputs: JSON.stringify(runInputs), quota });
    expect(requestOf(run).payload).toMatchObject({ runInputs, quota });
    expect(Object.keys(requestOf(aNewRun()).payload)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/runInputs|quota/)]),
    );
  });

  it('waits for a worker as long as it takes, or as long as its project says', () => {
    expect(aNewRun({ claimTimeoutSeconds: 0 }).claimBy).toBeNull();
    expect(aNewRun({ claimTimeoutSeconds: 90 }).claimBy).toBe(plusSeconds(START, 90));
  });

  it('is timed from outside only where no worker of ours keeps the time', () => {
    expect(aNewRun({ executor: 'steps', timeoutSeconds: 60 }).finishBy).toBeNull();
    expect(aNewRun({ executor: 'external', timeoutSeconds: 60 }).finishBy).toBe(plusSeconds(START, 60));
    expect(aNewRun({ executor: 'external', timeoutSeconds: null }).finishBy).toBeNull();
  });

  it('gives an external worker the time to stop that the file grants, and ours what it needs', () => {
    expect(aNewRun({ executor: 'external', stopGraceSeconds: 0 }).stopGraceSeconds).toBe(0);
    expect(aNewRun({ executor: 'steps', stopGraceSeconds: 0 }).stopGraceSeconds).toBeGreaterThan(
      2 * KILL_AFTER_SECONDS,
    );
    expect(aNewRun({ executor: 'steps', stopGraceSeconds: 600 }).stopGraceSeconds).toBe(600);
  });
});
