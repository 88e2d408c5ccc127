import { RunClaims } from '../src/workers/run-claims';
import { RunRepository } from '../src/runs/run.repository';
import { WorkerPresence } from '../src/presence/worker-presence';
import { ClaimMatcher } from '../src/workers/claim-matcher';
import { expectProblem } from './support/expect-problem';
import { RunningApp } from './support/jobato';
import { endAllRuns, externalProject, HttpWorker, KEY } from './support/worker-api';
import { until } from './support/until';

/** A worker key alone must not keep other workers from getting runs. */
describe('attacker that sends claims', () => {
  let jobato: RunningApp;
  beforeAll(async () => {
    jobato = await RunningApp.start(
      Object.fromEntries(['one', 'two'].map((id) => [id, externalProject(id)])),
      { JOBATO_API_KEY: KEY },
    );
  });
  afterAll(() => jobato.stop());
  afterEach(async () => {
    await until(() => waiting() === 0);
    await endAllRuns(jobato);
  });

  const waiting = () => jobato.app.get(WorkerPresence).calling().length;
  const untilWaiting = (count: number) => until(() => waiting() >= count);
  /** Waits like a claim over HTTP, but without a connection for each. */
  const waitHere = (workerId: string, projectIds: string[] | null, signal: AbortSignal) =>
    jobato.app
      .get(ClaimMatcher)
      .claim({ workerId, claimId: null, projectIds, executor: null, waitSeconds: 60, signal });

  it('cannot break a query by naming many projects', async () => {
    const leaving = new AbortController();
    const looked = jest.spyOn(jobato.app.get(RunRepository), 'unclaimed');
    const honest = new HttpWorker(jobato).claimed({ projectIds: ['one'], waitSeconds: 60 });
    await untilWaiting(1);
    const evil = Array.from({ length: 34 }, (_, claim) =>
      new HttpWorker(jobato).claim(
        {
          projectIds: Array.from({ length: 1000 }, (__, index) => `p${claim}-${index}`),
          waitSeconds: 60,
        },
        { signal: leaving.signal },
      ),
    );
    const settled = Promise.allSettled(evil);
    await untilWaiting(35);
    looked.mockClear();
    const { runId } = await jobato.trigger('one');
    expect((await honest).runId).toBe(runId);
    expect(looked).toHaveBeenCalled();
    looked.mockRestore();
    expect(waiting()).toBe(34); // none failed
    leaving.abort();
    await settled;
  });

  it('affects no other claim when its own claim fails', async () => {
    const leases = jobato.app.get(RunClaims);
    const claim = leases.claimForCaller.bind(leases);
    const spy = jest.spyOn(leases, 'claimForCaller').mockImplementation((runId, workerId, claimId) => {
      if (workerId === 'failing') return Promise.reject(new Error('of this run only'));
      return claim(runId, workerId, claimId);
    });
    try {
      const leaving = new AbortController();
      const failing = new HttpWorker(jobato, 'failing').claim({ projectIds: ['one'], waitSeconds: 60 });
      const honest = new HttpWorker(jobato, 'honest').claimed({ projectIds: ['two'], waitSeconds: 60 });
      await untilWaiting(2);
      const idle = waitHere('idle', ['two'], leaving.signal);
      expect(waiting()).toBe(3);
      await jobato.trigger('one');
      await expectProblem(await failing, 500, 'INTERNAL');
      expect(waiting()).toBe(2);
      const first = await jobato.trigger('two');
      expect((await honest).runId).toBe(first.runId);
      await endAllRuns(jobato);
      const second = await jobato.trigger('two');
      expect((await idle)?.run.runId).toBe(second.runId);
    } finally {
      spy.mockRestore();
    }
  });

  it('is limited to a thousand waiting claims, and other claims work afterwards', async () => {
    const leaving = Array.from({ length: 1000 }, () => new AbortController());
    const claims = leaving.map(({ signal }, index) => waitHere(`w${index}`, ['two'], signal));
    const refused = await new HttpWorker(jobato).claim({ waitSeconds: 60 });
    expect(refused.headers.get('retry-after')).toBe('5');
    await expectProblem(refused, 503, 'SERVER_BUSY');
    for (const each of leaving) each.abort();
    await Promise.all(claims);
    const { runId } = await jobato.trigger('one');
    expect((await new HttpWorker(jobato).claimed()).runId).toBe(runId);
  });
});
