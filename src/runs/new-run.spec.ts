import { plusSeconds } from '../clock/clock';
import { aNewRun, RUN_ID, START } from '../../test/support/a-run';
import { phaseOf, requestOf } from './run-state';

describe('new run', () => {
  it('is running, unclaimed and has only pending steps', () => {
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

  it('keeps its inputs and quota for the requests of its attempts', () => {
    const runInputs = [{ queryId: 'q', queryText: 'x', domain: 'a.com', searchQuery: 'site:a.com x' }];
    const quota = { remaining: 3, concurrencyLimit: 1 };
    const run = aNewRun({}, { runInputs, quota });
    expect(run).toMatchObject({ runInputs: JSON.stringify(runInputs), quota });
    expect(requestOf(run).payload).toMatchObject({ runInputs, quota });
    expect(Object.keys(requestOf(aNewRun()).payload)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/runInputs|quota/)]),
    );
  });

  it('waits for a worker without a limit, or for the claim timeout of its project', () => {
    expect(aNewRun({ claimTimeoutSeconds: 0 }).claimBy).toBeNull();
    expect(aNewRun({ claimTimeoutSeconds: 90 }).claimBy).toBe(plusSeconds(START, 90));
  });

  it('has a server-side time limit only if its executor is external', () => {
    expect(aNewRun({ executor: 'steps', timeoutSeconds: 60 }).finishBy).toBeNull();
    expect(aNewRun({ executor: 'external', timeoutSeconds: 60 }).finishBy).toBe(plusSeconds(START, 60));
    expect(aNewRun({ executor: 'external', timeoutSeconds: null }).finishBy).toBeNull();
  });

  it('uses the stop grace period of the file, with a minimum for built-in steps', () => {
    expect(aNewRun({ executor: 'external', stopGraceSeconds: 0 }).stopGraceSeconds).toBe(0);
    expect(aNewRun({ executor: 'steps', stopGraceSeconds: 0 }).stopGraceSeconds).toBe(30);
    expect(aNewRun({ executor: 'steps', stopGraceSeconds: 600 }).stopGraceSeconds).toBe(600);
  });
});
