import { randomUUID } from 'node:crypto';
import { Writer } from '../src/database/writer';
import { eventually, livingOf } from './support/crash';
import { expectProblem } from './support/expect-problem';
import { nodeStep, RunningApp } from './support/jobato';

const KEY = 'a-key-of-this-test';

const WAITS = "console.log('ready'); setInterval(() => {}, 1000)";

/** Makes every write fail as on a full disk. @returns a function that ends this */
function fillDisk(): () => void {
  let isFull = true;
  for (const way of ['write', 'writeAlong'] as const) {
    const write: Writer['write'] = Reflect.get(Writer.prototype, way);
    jest.spyOn(Writer.prototype, way).mockImplementation(function (this: Writer, command, input) {
      if (!isFull) return write.call(this, command, input);
      return Promise.reject(Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' }));
    });
  }
  return () => (isFull = false);
}

describe('stop while storage is unwritable', () => {
  let jobato: RunningApp;
  let freeDisk: () => void;
  beforeEach(async () => {
    jobato = await RunningApp.start(
      {
        waits: nodeStep('waits', WAITS, 'retry: { maxAttempts: 2 }\n'),
        outside: 'id: outside\nexecutor: external\n',
        limited: nodeStep('limited', WAITS, 'timeoutSeconds: 2\n'),
      },
      { JOBATO_API_KEY: KEY },
    );
    freeDisk = () => undefined;
  });
  afterEach(async () => {
    freeDisk();
    jest.restoreAllMocks();
    await jobato.stop();
  });

  const stop = (runId: string) => jobato.fetch(`/api/runs/${runId}`, { method: 'DELETE' });

  async function startWaiting(projectId: string): Promise<string> {
    const { runId } = await jobato.trigger(projectId);
    await eventually('the step to be at work', async () =>
      (await (await jobato.fetch(`/api/runs/${runId}/logs`)).text()).includes('ready'),
    );
    return runId;
  }

  it('ends the processes at once and is recorded when writes work again', async () => {
    const runId = await startWaiting('waits');
    freeDisk = fillDisk();
    const problem = await expectProblem(await stop(runId), 507, 'STORAGE_FULL');
    expect(problem.detail).toMatch(/is ending the processes of the run/);
    await eventually('the end of the processes', () => livingOf(jobato.folders).length === 0);
    // A repeated stop changes nothing and gets the same response.
    await expectProblem(await stop(runId), 507, 'STORAGE_FULL');

    freeDisk();
    const run = await jobato.untilEnded(runId);
    expect(run).toMatchObject({ status: 'cancelled', statusReason: 'cancelled-by-user', attempt: 1 });
    expect(run.cancelRequestedAt).not.toBeNull();
    await expectProblem(await stop(runId), 409, 'RUN_ALREADY_ENDED');
  });

  it('returns 202 if the record succeeds in time', async () => {
    const runId = await startWaiting('waits');
    freeDisk = fillDisk();
    const answer = stop(runId);
    await eventually('the end of the processes', () => livingOf(jobato.folders).length === 0);
    freeDisk();
    expect((await answer).status).toBe(202);
    expect(await jobato.untilEnded(runId)).toMatchObject({ statusReason: 'cancelled-by-user' });
  });

  it('is kept for an external worker and reported at its next heartbeat', async () => {
    const call = (path: string, body: object, headers = {}) =>
      jobato.fetch(`/api/internal${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-jobato-api-key': KEY, ...headers },
        body: JSON.stringify(body),
      });
    const { runId } = await jobato.trigger('outside');
    const claimed = await call('/runs/claim', { workerId: 'w', projectIds: ['outside'] });
    const { leaseToken } = (await claimed.json()) as { leaseToken: string };
    const heartbeat = () =>
      call(`/runs/${runId}/heartbeat`, { workerId: 'w', attempt: 1 }, { 'x-jobato-lease': leaseToken });
    expect(await (await heartbeat()).json()).toMatchObject({ cancelRequested: false });

    freeDisk = fillDisk();
    const problem = await expectProblem(await stop(runId), 507, 'STORAGE_FULL');
    expect(problem.detail).toMatch(/It will record the stop/);
    const answer = await heartbeat();
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ cancelRequested: true });

    freeDisk();
    await jobato.until(runId, ({ cancelRequestedAt }) => cancelRequestedAt !== null);
    const event = {
      eventId: randomUUID(),
      eventType: 'run.cancelled',
      eventVersion: 1,
      occurredAt: new Date().toISOString(),
      runId,
      payload: { attempt: 1 },
      leaseToken,
    };
    expect((await call('/events', event)).status).toBe(202);
    expect(await jobato.untilEnded(runId)).toMatchObject({ statusReason: 'cancelled-by-user' });
  });

  it('is not needed for a run timeout, which ends the processes', async () => {
    const runId = await startWaiting('limited');
    freeDisk = fillDisk();
    await eventually('the end of the processes', () => livingOf(jobato.folders).length === 0);
    freeDisk();
    expect(await jobato.untilEnded(runId)).toMatchObject({ status: 'failed', statusReason: 'timed-out' });
  });
});
