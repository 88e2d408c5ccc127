import type { RunView } from '../src/runs/run-view';
import { problem } from './support/expect-problem';
import { nodeStep, RunningApp } from './support/jobato';
import { Given } from './support/pages-signal';
import { readSse } from './support/sse';

const WAITS = "console.log('ready'); setInterval(() => {}, 1000)";
const eventTypes = async (jobato: RunningApp, runId: string) => {
  const { body } = await jobato.api.get(`/api/runs/${runId}/events?limit=200`).expect(200);
  return (body as { items: { eventType: string }[] }).items.map(({ eventType }) => eventType);
};

describe('stopping an unclaimed run', () => {
  let jobato: RunningApp;
  beforeAll(async () => {
    jobato = await RunningApp.start(
      {
        steps: nodeStep('steps', WAITS),
        external: 'id: external\nexecutor: external\n',
      },
      { WORKER: 'off' },
    );
  });
  afterAll(() => jobato.stop());

  it.each([
    ['steps', 'no-worker-yet', null],
    // The request is on the stream, and a worker that reports only at the end may be working on it.
    ['external', 'handed-out', { code: 'STOP_UNCONFIRMED', message: expect.stringContaining('immediately') }],
  ])('cancels the run at once: %s', async (projectId, code, error) => {
    const started = await jobato.trigger(projectId);
    let run: RunView;
    do run = (await jobato.api.get(`/api/runs/${started.runId}`).expect(200)).body as RunView;
    while (run.waiting!.code === 'not-yet-published');
    expect(run.waiting).toMatchObject({ code, message: expect.stringMatching(/\S/) });

    const response = await jobato.api.delete(`/api/projects/${projectId}/runs/${run.runId}`).expect(202);
    const stopped = response.body as RunView;
    expect(stopped).toMatchObject({
      runId: run.runId,
      status: 'cancelled',
      statusReason: 'cancelled-by-user',
      waiting: null,
      error,
    });
    expect(stopped.cancelRequestedAt).toBe(stopped.endedAt);
    expect(stopped.durationMs).toBe(Date.parse(stopped.endedAt!) - Date.parse(stopped.startedAt));
    expect(stopped.steps.every(({ status }) => status === 'skipped')).toBe(true);
    await jobato.api.get(`/api/runs/${run.runId}`).expect(200, stopped);

    // The run has ended, so a new one can start.
    await jobato.api.delete(`/api/runs/${run.runId}`).expect(problem(409, 'RUN_ALREADY_ENDED'));
    await jobato.api.get(`/api/runs/${run.runId}`).expect(200, stopped);
    const next = await jobato.trigger(projectId);
    expect(next.runId).not.toBe(run.runId);
    await jobato.api.delete(`/api/runs/${next.runId}`);
  });

  it('accepts one of many simultaneous requests and rejects the others', async () => {
    const { runId } = await jobato.trigger('steps');
    const responses = await Promise.all(
      Array.from({ length: 20 }, () => jobato.api.delete(`/api/runs/${runId}`)),
    );
    expect(responses.map(({ status }) => status).sort()).toEqual([202, ...Array<number>(19).fill(409)]);
    const types = await eventTypes(jobato, runId);
    expect(types.filter((type) => type === 'run.cancel.requested')).toHaveLength(1);
  });
});

describe('stopping a running run', () => {
  let jobato: RunningApp;
  const tidied = new Given();
  beforeAll(async () => {
    jobato = await RunningApp.start({
      waits: nodeStep('waits', WAITS),
      tidies: nodeStep(
        'tidies',
        `const isTidied = () => require('node:fs').existsSync(${JSON.stringify(tidied.path)});
         process.on('SIGTERM', () => setInterval(() => isTidied() && process.exit(0), 20));
         ${WAITS}`,
      ),
      quick: nodeStep('quick', '0'),
      fails: nodeStep('fails', 'process.exit(1)'),
    });
  });
  afterAll(async () => {
    await jobato.stop();
    tidied.remove();
  });

  it('is recorded once for repeated requests', async () => {
    const { runId } = await jobato.trigger('tidies');
    // After its first output, the step also handles signals.
    for await (const { event } of readSse(`${jobato.url}/api/runs/${runId}/logs`)) if (event === 'log') break;
    const first = await jobato.api.delete(`/api/runs/${runId}`).expect(202);
    const stopping = first.body as RunView;
    expect(stopping).toMatchObject({
      status: 'running',
      endedAt: null,
      durationMs: null,
      waiting: { code: 'stopping', message: expect.stringMatching(/\S/) },
    });
    expect(stopping.cancelRequestedAt).toMatch(/Z$/);
    for (const path of [`/api/runs/${runId}`, `/api/projects/tidies/runs/${runId}`]) {
      const { body } = await jobato.api.delete(path).expect(202);
      expect(body).toMatchObject({ cancelRequestedAt: stopping.cancelRequestedAt });
    }
    // The project stays busy until the run has really stopped.
    await jobato.api
      .post('/api/projects/tidies/runs')
      .expect(problem(409, 'RUN_IN_PROGRESS', { activeRunId: runId }));

    tidied.give();
    const ended = await jobato.untilEnded(runId);
    expect(ended).toMatchObject({ status: 'cancelled', statusReason: 'cancelled-by-user' });
    const types = await eventTypes(jobato, runId);
    expect(types.filter((type) => type === 'run.cancel.requested')).toHaveLength(1);
    expect(types.filter((type) => type === 'run.cancelled')).toHaveLength(1);
  });

  it.each(['quick', 'fails'])('is rejected without effect once the run has ended: %s', async (projectId) => {
    const { runId } = await jobato.trigger(projectId);
    await jobato.untilEnded(runId);
    const { body: before } = await jobato.api.get(`/api/runs/${runId}`).expect(200);
    for (const path of [`/api/runs/${runId}`, `/api/projects/${projectId}/runs/${runId}`]) {
      await jobato.api
        .delete(path)
        .expect(problem(409, 'RUN_ALREADY_ENDED', { detail: expect.stringMatching(/completed|failed/) }));
    }
    await jobato.api.get(`/api/runs/${runId}`).expect(200, before);
  });

  it('allows the next run at once', async () => {
    for (let i = 0; i < 5; i++) {
      const { runId } = await jobato.trigger('waits');
      await jobato.api.delete(`/api/runs/${runId}`);
      expect((await jobato.untilEnded(runId)).status).toBe('cancelled');
    }
  });
});
