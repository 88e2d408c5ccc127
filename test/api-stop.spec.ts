import type { RunView } from '../src/runs/run-view';
import { expectProblem } from './support/expect-problem';
import { nodeStep, RunningApp } from './support/jobato';
import { Given } from './support/pages-signal';
import { readSse } from './support/sse';

const WAITS = "console.log('ready'); setInterval(() => {}, 1000)";
const remove = (jobato: RunningApp, path: string) => jobato.fetch(path, { method: 'DELETE' });
const eventsOf = async (jobato: RunningApp, runId: string) =>
  (
    (await (await jobato.fetch(`/api/runs/${runId}/events?limit=200`)).json()) as {
      items: { eventType: string }[];
    }
  ).items;

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
    do run = (await (await jobato.fetch(`/api/runs/${started.runId}`)).json()) as RunView;
    while (run.waiting!.code === 'not-yet-published');
    expect(run.waiting).toMatchObject({ code, message: expect.stringMatching(/\S/) });

    const response = await remove(jobato, `/api/projects/${projectId}/runs/${run.runId}`);
    const stopped = (await response.json()) as RunView;
    expect(response.status).toBe(202);
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
    expect(await (await jobato.fetch(`/api/runs/${run.runId}`)).json()).toEqual(stopped);

    // The run has ended, so a new one can start.
    await expectProblem(await remove(jobato, `/api/runs/${run.runId}`), 409, 'RUN_ALREADY_ENDED');
    expect(await (await jobato.fetch(`/api/runs/${run.runId}`)).json()).toEqual(stopped);
    const next = await jobato.trigger(projectId);
    expect(next.runId).not.toBe(run.runId);
    await remove(jobato, `/api/runs/${next.runId}`);
  });

  it('accepts one of many simultaneous requests and rejects the others', async () => {
    const { runId } = await jobato.trigger('steps');
    const answers = await Promise.all(Array.from({ length: 20 }, () => remove(jobato, `/api/runs/${runId}`)));
    expect(answers.map(({ status }) => status).sort()).toEqual([202, ...Array<number>(19).fill(409)]);
    const types = (await eventsOf(jobato, runId)).map(({ eventType }) => eventType);
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
    const first = await remove(jobato, `/api/runs/${runId}`);
    const stopping = (await first.json()) as RunView;
    expect(first.status).toBe(202);
    expect(stopping).toMatchObject({
      status: 'running',
      endedAt: null,
      durationMs: null,
      waiting: { code: 'stopping', message: expect.stringMatching(/\S/) },
    });
    expect(stopping.cancelRequestedAt).toMatch(/Z$/);
    for (const path of [`/api/runs/${runId}`, `/api/projects/tidies/runs/${runId}`]) {
      const again = await remove(jobato, path);
      const run = (await again.json()) as RunView;
      expect([again.status, run.cancelRequestedAt]).toEqual([202, stopping.cancelRequestedAt]);
    }
    // The project stays busy until the run has really stopped.
    const response = await jobato.fetch('/api/projects/tidies/runs', { method: 'POST' });
    expect((await expectProblem(response, 409, 'RUN_IN_PROGRESS')).activeRunId).toBe(runId);

    tidied.give();
    const ended = await jobato.untilEnded(runId);
    expect(ended).toMatchObject({ status: 'cancelled', statusReason: 'cancelled-by-user' });
    const types = (await eventsOf(jobato, runId)).map(({ eventType }) => eventType);
    expect(types.filter((type) => type === 'run.cancel.requested')).toHaveLength(1);
    expect(types.filter((type) => type === 'run.cancelled')).toHaveLength(1);
  });

  it.each(['quick', 'fails'])('is rejected without effect once the run has ended: %s', async (projectId) => {
    const { runId } = await jobato.trigger(projectId);
    await jobato.untilEnded(runId);
    const before: unknown = await (await jobato.fetch(`/api/runs/${runId}`)).json();
    for (const path of [`/api/runs/${runId}`, `/api/projects/${projectId}/runs/${runId}`]) {
      const { detail } = await expectProblem(await remove(jobato, path), 409, 'RUN_ALREADY_ENDED');
      expect(detail).toMatch(/completed|failed/);
    }
    expect(await (await jobato.fetch(`/api/runs/${runId}`)).json()).toEqual(before);
  });

  it('allows the next run at once', async () => {
    for (let i = 0; i < 5; i++) {
      const { runId } = await jobato.trigger('waits');
      await remove(jobato, `/api/runs/${runId}`);
      expect((await jobato.untilEnded(runId)).status).toBe('cancelled');
    }
  });
});
