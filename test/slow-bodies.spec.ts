import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request, type Server } from 'node:http';
import { RunningApp } from './support/jobato';
import { externalProject, HttpWorker, KEY } from './support/worker-api';

/** A request whose body the test sends in pieces. */
class SlowRequest {
  private readonly request: ClientRequest;
  private readonly answered: Promise<[IncomingMessage]>;
  /** Resolves when the server has closed the connection. */
  readonly closed: Promise<unknown>;

  constructor(jobato: RunningApp, method: string, path: string, headers: Record<string, string | number>) {
    const { hostname, port } = new URL(jobato.url);
    this.request = request({ hostname, port, method, path, headers, agent: false });
    this.answered = once(this.request, 'response') as Promise<[IncomingMessage]>;
    this.closed = once(this.request, 'close');
    this.request.on('error', () => undefined);
  }

  /** Resolves when the piece is sent. */
  async send(piece: string): Promise<void> {
    await new Promise((resolve) => this.request.write(piece, resolve));
  }

  end(piece: string): void {
    this.request.end(piece);
  }

  async answer(): Promise<{ status: number; errorCode?: string }> {
    const [response] = await this.answered;
    let text = '';
    for await (const part of response) text += String(part);
    return { status: response.statusCode!, ...(JSON.parse(text) as { errorCode?: string }) };
  }
}

describe('slow request bodies', () => {
  let jobato: RunningApp | null = null;
  afterEach(async () => {
    await jobato?.stop();
    jobato = null;
  });

  const start = (limits: Record<string, string>) =>
    RunningApp.start({ outside: externalProject('outside') }, { JOBATO_API_KEY: KEY, ...limits });

  function upload(
    app: RunningApp,
    runId: string,
    headers: Record<string, string | number> = {},
  ): SlowRequest {
    const path = `/api/internal/runs/${runId}/artifacts/slow.txt`;
    return new SlowRequest(app, 'PUT', path, { 'x-jobato-api-key': KEY, 'content-length': 12, ...headers });
  }
  const trigger = (app: RunningApp) =>
    new SlowRequest(app, 'POST', '/api/runs', { 'content-type': 'application/json', 'content-length': 12 });

  it('may exceed the request timeout if they are progressing uploads', async () => {
    jobato = await start({ REQUEST_TIMEOUT_SECONDS: '0.2' });
    const { runId } = await jobato.trigger('outside');
    const slow = upload(jobato, runId);
    await slow.send('first ');
    // The other request shows that the time limit for ordinary bodies has passed.
    const other = trigger(jobato);
    await other.send('{');
    expect(await other.answer()).toMatchObject({ status: 408, errorCode: 'REQUEST_TIMEOUT' });
    slow.end('second');
    expect(await slow.answer()).toMatchObject({ status: 201, name: 'slow.txt', size: 12 });
    const server: Server = jobato.app.getHttpServer();
    expect([server.requestTimeout, server.headersTimeout]).toEqual([0, 60_000]);
  });

  it('return 408 for an idle upload, which can be repeated', async () => {
    jobato = await start({ UPLOAD_IDLE_SECONDS: '0.2' });
    const { runId } = await jobato.trigger('outside');
    const slow = upload(jobato, runId);
    await slow.send('first ');
    expect(await slow.answer()).toMatchObject({ status: 408, errorCode: 'REQUEST_TIMEOUT' });
    await slow.closed;
    await new HttpWorker(jobato).upload(runId, 'slow.txt', 'again').expect(201);
  });

  it('return 408 for a steady upload beyond the upload timeout', async () => {
    jobato = await start({ UPLOAD_TIMEOUT_SECONDS: '0.3' });
    const { runId } = await jobato.trigger('outside');
    const slow = upload(jobato, runId, { 'content-length': 1_000_000 });
    const dripping = setInterval(() => void slow.send('.'), 20);
    expect(await slow.answer()).toMatchObject({ status: 408, errorCode: 'REQUEST_TIMEOUT' });
    await slow.closed;
    clearInterval(dripping);
  });

  it.each<[string, (app: RunningApp) => SlowRequest, number]>([
    ['a call is refused', (app) => upload(app, randomUUID()), 404],
    ['the sender has no key', (app) => upload(app, randomUUID(), { 'x-jobato-api-key': 'wrong' }), 401],
  ])('close the connection soon after %s', async (_what, send, status) => {
    jobato = await start({ REQUEST_TIMEOUT_SECONDS: '0.2' });
    const slow = send(jobato);
    await slow.send('first ');
    expect(await slow.answer()).toMatchObject({ status });
    await slow.closed;
  });

  it('do not limit the time of a waiting response', async () => {
    jobato = await start({ REQUEST_TIMEOUT_SECONDS: '0.1' });
    const claim = new HttpWorker(jobato).claim({ waitSeconds: 1 });
    const other = trigger(jobato);
    await other.send('{');
    expect((await other.answer()).status).toBe(408);
    expect((await claim).status).toBe(204);
  });
});
