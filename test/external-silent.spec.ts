import type { RunView } from '../src/runs/run-view';
import { eventually, inDatabase, requestsOnStream } from './support/crash';
import { expectProblem } from './support/expect-problem';
import { FormClient } from './support/form-client';
import { nodeStep, RunningApp } from './support/jobato';
import { anEvent, externalProject, HttpWorker, KEY } from './support/worker-api';

interface ListedEvent {
  eventType: string;
  outcome: string;
  payload: { requestedBy?: string };
}

describe('external worker that reports only at the end', () => {
  let jobato: RunningApp;
  let worker: HttpWorker;
  let page: FormClient;
  beforeAll(async () => {
    jobato = await RunningApp.start(
      {
        silent: externalProject('silent'),
        fresh: externalProject('fresh'),
        claims: externalProject('claims'),
        steps: nodeStep('steps', 'setInterval(() => {}, 1000)'),
      },
      { JOBATO_API_KEY: KEY },
    );
    worker = new HttpWorker(jobato);
    page = new FormClient(jobato.url);
    const { runId } = await handedOut('silent');
    await worker.say(anEvent(runId, 'run.completed', { persistedResults: 3 }));
  });
  afterAll(() => jobato.stop());

  const view = async (runId: string) => (await (await jobato.fetch(`/api/runs/${runId}`)).json()) as RunView;
  const pageOf = async (runId: string) => plain((await page.get(`/runs/${runId}`)).text);
  const askAgain = (runId: string) => jobato.fetch(`/api/runs/${runId}/ask-again`, { method: 'POST' });
  const stop = (runId: string) => jobato.fetch(`/api/runs/${runId}`, { method: 'DELETE' });
  const eventsOf = async (runId: string) => {
    const response = await jobato.fetch(`/api/runs/${runId}/events`);
    return ((await response.json()) as { items: ListedEvent[] }).items;
  };
  /** Returns true if the outbox has no request of the run. */
  const isSettled = (runId: string) =>
    inDatabase(
      jobato.folders,
      (database) =>
        database.prepare("SELECT 1 FROM outbox WHERE run_id = ? AND event_type = 'run.requested'").all(runId)
          .length === 0,
    );
  async function startedRuns(): Promise<string | undefined> {
    const metrics = await (await jobato.fetch('/api/metrics')).text();
    return /^jobato_runs_started_total\{project="silent".*$/m.exec(metrics)?.[0];
  }
  async function handedOut(projectId: string): Promise<RunView> {
    const { runId } = await jobato.trigger(projectId);
    await eventually(
      'the request on the stream',
      async () => (await requestsOnStream(jobato.folders, runId)) > 0,
    );
    await eventually('the outbox to be empty', () => isSettled(runId));
    return view(runId);
  }

  it('is shown on every page as handed out, never as missing', async () => {
    const run = await handedOut('silent');
    expect(run.waiting).toEqual({
      code: 'handed-out',
      message: expect.stringMatching(
        /^Handed to a worker at \S+Z\. Workers of this project report only at the end, typically after (less than )?\d+ s\.$/,
      ),
      publishedAt: expect.any(String),
      typicalMs: expect.any(Number),
    });
    const pages = await Promise.all(
      [`/runs/${run.runId}`, '/', '/projects/silent', '/workers'].map((path) => page.get(path)),
    );
    for (const { text } of pages) {
      expect(plain(text)).not.toMatch(/waiting for a worker|No worker yet|No workers/);
      expect(plain(text)).toMatch(/Handed to a worker at/);
    }
    await worker.say(anEvent(run.runId, 'run.completed'));
    expect(await pageOf(run.runId)).toMatch(/Unnamed worker/);
    expect(await pageOf(run.runId)).not.toMatch(/No worker/);
  });

  it('is unknown before its first report and then listed with the workers', async () => {
    const run = await handedOut('fresh');
    expect(run.waiting).toMatchObject({
      code: 'handed-out',
      message: expect.stringMatching(/^Published at \S+Z; no worker has reported yet\. .* project fresh\./),
      typicalMs: null,
    });
    await stop(run.runId);
    const { silent } = (await (await jobato.fetch('/api/workers')).json()) as {
      silent: { projectId: string; lastReportAt: string }[];
    };
    expect(silent).toMatchObject([{ projectId: 'silent', lastReportAt: expect.any(String) }]);
    expect(plain((await page.get('/workers')).text)).toMatch(/Workers that report only at the end .*silent/s);
  });

  it('is waited for if earlier runs of the project were claimed', async () => {
    const first = await handedOut('claims');
    const { leaseToken } = (await worker.claimed({ projectIds: ['claims'] })) as { leaseToken?: string };
    await worker.say({ ...anEvent(first.runId, 'run.completed'), leaseToken });
    const run = await handedOut('claims');
    expect(run.waiting).toMatchObject({
      code: 'no-worker-yet',
      message: expect.stringMatching(/^No external worker has reported since .* report when they start\./),
    });
    await stop(run.runId);
  });

  it('may be working on a stopped run: the pages show this and its late report', async () => {
    const { runId } = await handedOut('silent');
    const stopped = (await (await stop(runId)).json()) as RunView;
    expect(stopped).toMatchObject({
      status: 'cancelled',
      statusReason: 'cancelled-by-user',
      error: {
        code: 'STOP_UNCONFIRMED',
        message: expect.stringMatching(
          /^Cancelled immediately: no worker had reported\. The request was published at \S+Z; a worker may still be working on it\.$/,
        ),
      },
    });
    expect((await eventsOf(runId)).map(({ eventType }) => eventType)).toEqual([
      'run.requested',
      'run.cancel.requested',
    ]);
    const before = (await page.get(`/runs/${runId}`)).text;
    expect(plain(before)).toMatch(/a worker may still be working on it/);
    expect(plain(before)).toMatch(/No worker reported/);
    const stateHref = /hx-get="(\/runs\/[^"]+\/state\?version[^"]+)"/
      .exec(before)![1]!
      .replace('&#x3D;', '=');
    // An open page keeps polling: the report may still arrive.
    expect(before).toMatch(/id="run-state"[^>]*hx-trigger="every 10s/);
    expect((await page.get(stateHref)).status).toBe(204);

    await worker.say(anEvent(runId, 'run.completed', { persistedResults: 3 }));
    expect(await view(runId)).toEqual(stopped);
    const part = await page.get(stateHref);
    expect([part.status, plain(part.text)]).toEqual([
      200,
      expect.stringMatching(
        /The worker reported “completed” at .*\. The run had already ended as cancelled, so the report was ignored\./,
      ),
    ]);
    expect(part.text).not.toMatch(/id="run-state"[^>]*hx-trigger="every/);
  });

  it('can be requested again through the API and the page, with the requester recorded', async () => {
    const { runId } = await handedOut('silent');
    const started = await startedRuns();
    const response = await askAgain(runId);
    expect([response.status, await response.json()]).toEqual([
      202,
      expect.objectContaining({ runId, status: 'running' }),
    ]);
    await eventually('the second request', async () => (await requestsOnStream(jobato.folders, runId)) === 2);
    await eventually('the outbox to be empty', () => isSettled(runId));
    // Asking again starts no run.
    expect(await startedRuns()).toBe(started);
    const before = (await page.get(`/runs/${runId}`)).text;
    expect(plain(before)).toMatch(
      /Ask again A worker may already be working on this run and would then do the work twice\./,
    );
    const sent = await page.submit(`/runs/${runId}/ask-again`, `/runs/${runId}`);
    expect([sent.status, sent.headers.location]).toEqual([303, `/runs/${runId}`]);
    expect((await eventsOf(runId)).map(({ payload }) => payload.requestedBy ?? null)).toEqual([
      null,
      'api',
      'page',
    ]);
    expect(plain((await page.get(`/runs/${runId}/timeline`)).text)).toMatch(
      /Published to workers again, requested manually/,
    );
    await stop(runId);
  });
  it('is not requested again for a claimed, ended or unknown run', async () => {
    const { runId } = await jobato.trigger('steps');
    await jobato.until(runId, ({ claimedAt }) => claimedAt !== null);
    await expectProblem(await askAgain(runId), 409, 'RUN_ALREADY_CLAIMED');
    await stop(runId);
    await jobato.untilEnded(runId);
    await expectProblem(await askAgain(runId), 409, 'RUN_ALREADY_ENDED');
    await expectProblem(await askAgain('019ca9d6-8580-7000-8000-00000000000f'), 404, 'RUN_NOT_FOUND');
    const refused = await page.submit(`/runs/${runId}/ask-again`, `/runs/${runId}`);
    expect(refused.status).toBe(409);
    const forged = await page.post(`/runs/${runId}/ask-again`, {});
    expect(forged.status).toBe(403);
  });
});

/** Returns the visible text of a page. */
function plain(html: string): string {
  return html
    .replace(/<(script|style|title)\b.*?<\/\1>/gs, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/&#x27;/g, "'")
    .replace(/\s+/g, ' ')
    .replace(/ ([.,;])/g, '$1');
}
