import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { DiskSpace } from '../src/database/disk-space';
import { JobatoError } from '../src/http/problem-catalogue';
import type { RunView } from '../src/runs/run-view';
import { expectProblem, invalid, problem } from './support/expect-problem';
import { nodeStep, RunningApp } from './support/jobato';
import { anEvent, externalProject, HttpWorker, KEY } from './support/worker-api';
import { until } from './support/until';

const UUID = '01890000-0000-7000-8000-000000000000';
const MEBIBYTE = 1024 * 1024;
const PROJECTS = Array.from({ length: 90 }, (_, index) => `p${index}`);

let jobato: RunningApp;
let used = 0;
beforeAll(async () => {
  const files = PROJECTS.map((id) => [id, externalProject(id, 'retry: { maxAttempts: 2 }\n')] as const);
  jobato = await RunningApp.start(Object.fromEntries(files), {
    JOBATO_API_KEY: KEY,
    ARTIFACT_LIMIT_MB: '2',
    LOG_LIMIT_MB: '1',
  });
});
afterAll(() => jobato.stop());

async function held(): Promise<{ worker: HttpWorker; runId: string }> {
  const projectId = PROJECTS[used++]!;
  await jobato.trigger(projectId);
  const worker = new HttpWorker(jobato);
  const { runId } = await worker.claimed({ projectIds: [projectId] });
  return { worker, runId };
}
const view = async (runId: string) =>
  (await jobato.api.get(`/api/runs/${runId}`).expect(200)).body as RunView;
const download = async (runId: string, name: string) => {
  const response = await jobato.fetch(`/api/runs/${runId}/artifacts/${encodeURIComponent(name)}`);
  return response.status === 200
    ? Buffer.from(await response.arrayBuffer()).toString('latin1')
    : response.status;
};
const folderOf = (runId: string) => join(jobato.folders.dataDir, 'runs', runId);
const onTheirWay = () => readdirSync(join(jobato.folders.dataDir, 'uploads'));

describe('artifact upload over HTTP', () => {
  it('adds the artifact to the run at once and returns the same bytes', async () => {
    const { worker, runId } = await held();
    const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 256));
    const href = `/api/runs/${runId}/artifacts/data.bin`;
    await worker
      .upload(runId, 'data.bin', bytes)
      .type('image/png')
      .expect(201, { name: 'data.bin', size: 100_000, href })
      .expect('location', href);
    expect((await view(runId)).artifacts).toEqual([{ name: 'data.bin', size: 100_000, href }]);
    expect(await download(runId, 'data.bin')).toBe(bytes.toString('latin1'));
    expect(onTheirWay()).toEqual([]);
    const { body } = await jobato.api.get(`/api/runs/${runId}/events`).expect(200);
    const { items } = body as { items: { eventType: string; payload: object }[] };
    expect(items.at(-1)).toMatchObject({
      eventType: 'run.progress',
      outcome: 'applied',
      payload: { attempt: 1, artifacts: [{ name: 'data.bin', size: 100_000 }] },
    });
  });

  it('accepts a file without a content type', async () => {
    const { worker, runId } = await held();
    const response = await jobato.fetch(`/api/internal/runs/${runId}/artifacts/a`, {
      method: 'PUT',
      headers: { 'x-jobato-api-key': KEY, ...worker.leaseHeader(runId) },
      body: Buffer.from('content'),
    });
    expect(response.status).toBe(201);
  });

  it('accepts empty files, any content type, invalid JSON and replacements', async () => {
    const { worker, runId } = await held();
    await worker.upload(runId, 'a', '').type('text/plain').expect(201);
    await worker.upload(runId, 'a', '{').type('application/json').expect(201);
    await worker.upload(runId, 'b', 'x=1').type('text/html').expect(201);
    expect((await view(runId)).artifacts.map(({ name, size }) => [name, size])).toEqual([
      ['a', 1],
      ['b', 3],
    ]);
    expect(await download(runId, 'a')).toBe('{');
  });

  it.each(['reports/2026/today.md', 'with space & more.txt', 'ärger-中文.txt', '.hidden', '%2e%2e', 'C:'])(
    'accepts the name %s',
    async (name) => {
      const { worker, runId } = await held();
      await worker.upload(runId, name, 'content').expect(201);
      expect((await view(runId)).artifacts.map((artifact) => artifact.name)).toEqual([name]);
      expect(await download(runId, name)).toBe('content');
    },
  );

  it.each([
    '../escape',
    'a/../../escape',
    '/etc/escape',
    'a//b',
    'a/',
    '..',
    '.',
    'a\\b',
    'a\0b',
    'x'.repeat(201),
  ])('rejects the name %j', async (name) => {
    const { runId } = await held();
    // The unchanged path; `fetch` would normalise it.
    const path = `/api/internal/runs/${runId}/artifacts/${encodeURIComponent(name).replaceAll('.', '%2E')}`;
    const status = await new Promise<number>((resolve, reject) => {
      const { hostname, port } = new URL(jobato.url);
      const sent = request(
        { hostname, port, method: 'PUT', path, headers: { 'x-jobato-api-key': KEY } },
        (response) => resolve(response.resume().statusCode!),
      );
      sent.on('error', reject).end('content');
    });
    expect(status).toBe(400);
    expect((await view(runId)).artifacts).toEqual([]);
    expect(existsSync(folderOf(runId))).toBe(false);
    expect(existsSync(join(jobato.folders.dataDir, 'runs', 'escape'))).toBe(false);
  });

  it('does not follow links out of the folder or replace folders', async () => {
    const { worker, runId } = await held();
    const outside = join(jobato.folders.root, 'outside');
    mkdirSync(outside, { recursive: true });
    mkdirSync(join(folderOf(runId), 'folder', 'inner'), { recursive: true });
    writeFileSync(join(folderOf(runId), 'file'), 'file');
    writeFileSync(join(outside, 'target'), 'untouched');
    symlinkSync(outside, join(folderOf(runId), 'link'));
    symlinkSync(join(outside, 'target'), join(folderOf(runId), 'link-to-file'));
    for (const name of ['link/a', 'link/b/c', 'file/a', 'folder']) {
      await worker.upload(runId, name, 'content').expect(invalid('name'));
    }
    expect(readdirSync(outside)).toEqual(['target']);
    await worker.upload(runId, 'link-to-file', 'content').expect(201);
    expect(readFileSync(join(outside, 'target'), 'utf8')).toBe('untouched');
    expect(await download(runId, 'link-to-file')).toBe('content');
    expect(onTheirWay()).toEqual([]);
  });

  it('stores the body of every content type as it is', async () => {
    const { worker, runId } = await held();
    // curl sends --data-binary as a form.
    for (const type of ['application/x-www-form-urlencoded', 'application/json', 'text/plain'])
      await worker.upload(runId, type, 'a=1&b=2').type(type).expect(201);
    expect((await view(runId)).artifacts).toMatchObject([{ size: 7 }, { size: 7 }, { size: 7 }]);
  });

  it('enforces the size limit with and without Content-Length, and keeps the earlier file', async () => {
    const { worker, runId } = await held();
    await worker.upload(runId, 'a', Buffer.alloc(2 * MEBIBYTE)).expect(201);
    const more = Buffer.alloc(2 * MEBIBYTE + 1, 'x');
    await worker.upload(runId, 'a', more).expect(problem(413, 'PAYLOAD_TOO_LARGE'));
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(new Uint8Array(256 * 1024));
        if (++sent === 64) controller.close();
      },
    });
    await expectProblem(await worker.stream(runId, 'a', endless), 413, 'PAYLOAD_TOO_LARGE');
    expect((await view(runId)).artifacts).toMatchObject([{ name: 'a', size: 2 * MEBIBYTE }]);
    expect(await download(runId, 'a')).toBe('\0'.repeat(2 * MEBIBYTE));
    expect(onTheirWay()).toEqual([]);
  });

  it('discards an interrupted upload and keeps the earlier file', async () => {
    const { worker, runId } = await held();
    await worker.upload(runId, 'a', 'good');
    const { hostname, port } = new URL(jobato.url);
    const sent = request({
      hostname,
      port,
      method: 'PUT',
      path: `/api/internal/runs/${runId}/artifacts/a`,
      headers: { 'x-jobato-api-key': KEY, 'content-length': '1000', ...worker.leaseHeader(runId) },
    });
    sent.on('error', () => undefined);
    sent.write('half');
    await until(() => onTheirWay().length > 0);
    expect(await download(runId, 'a')).toBe('good');
    sent.destroy();
    await until(() => onTheirWay().length === 0);
    expect(await download(runId, 'a')).toBe('good');
    expect((await view(runId)).artifacts).toMatchObject([{ size: 4 }]);
  });

  it('stores one complete file with its size when many upload the same name', async () => {
    const { worker, runId } = await held();
    const sizes = Array.from({ length: 12 }, (_, index) => 1000 * (index + 1));
    const send = async (size: number, index: number): Promise<number> => {
      const { status } = await worker.upload(runId, 'a', String.fromCharCode(97 + index).repeat(size));
      return status === 503 ? send(size, index) : status; // four uploads at once
    };
    expect(await Promise.all(sizes.map(send))).toEqual(sizes.map(() => 201));
    const content = String(await download(runId, 'a'));
    expect(content).toBe(content[0]!.repeat(1000 * (content.charCodeAt(0) - 96)));
    expect((await view(runId)).artifacts).toMatchObject([{ name: 'a', size: content.length }]);
  });

  it('is allowed for the lease holder only, under any worker name', async () => {
    const { worker, runId } = await held();
    const as = (workerId: string, attempt: string) => ({
      'x-jobato-worker-id': workerId,
      'x-jobato-attempt': attempt,
    });
    await worker.upload(runId, 'a', 'mine').set(as(worker.workerId, '1')).expect(201);
    await worker.upload(runId, 'a', 'mine').set(as('new-name', '1')).expect(201);
    for (const headers of <Record<string, string>[]>[
      as(worker.workerId, '2'),
      { 'x-jobato-attempt': '2' },
      { 'x-jobato-lease': 'guess' },
      { ...as(worker.workerId, '1'), 'x-jobato-lease': '' },
    ]) {
      await worker.upload(runId, 'a', 'another’s').set(headers).expect(problem(409, 'LEASE_LOST'));
    }
    for (const attempt of ['0', 'x', '-1', '1.5', '']) {
      const headers = { 'x-jobato-attempt': attempt };
      await worker.upload(runId, 'a', 'x').set(headers).expect(invalid('X-Jobato-Attempt'));
    }
    expect(await download(runId, 'a')).toBe('mine');
  });

  it('is rejected and discarded if the worker loses the run during the upload', async () => {
    const { worker, runId } = await held();
    await worker.upload(runId, 'a', 'good');
    let finish: () => void;
    const slow = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(Buffer.from('late'));
        finish = () => controller.close();
      },
    });
    const uploading = worker.stream(runId, 'a', slow);
    await until(() => onTheirWay().length > 0);
    await worker.release(runId);
    finish!();
    await expectProblem(await uploading, 409, 'LEASE_LOST');
    // Each attempt starts with an empty folder.
    await until(() => !existsSync(folderOf(runId)));
    expect(onTheirWay()).toEqual([]);
  });

  it('requires a running run', async () => {
    const { worker, runId } = await held();
    await worker.say(anEvent(runId, 'run.completed'));
    await worker.upload(runId, 'a', 'x').expect(problem(409, 'RUN_ALREADY_ENDED'));
    await worker.upload(UUID, 'a', 'x').expect(problem(404, 'RUN_NOT_FOUND'));
  });

  it('rejects compressed bodies', async () => {
    const { worker, runId } = await held();
    await worker
      .upload(runId, 'a', 'x')
      .set({ 'content-encoding': 'gzip' })
      .expect(problem(415, 'UNSUPPORTED_MEDIA_TYPE'));
  });

  it('returns STORAGE_FULL while the disk is nearly full', async () => {
    const { worker, runId } = await held();
    const disk = jest.spyOn(jobato.app.get(DiskSpace), 'assertRoom').mockImplementation(() => {
      throw new JobatoError('STORAGE_FULL', 'Only 3 MB are free.');
    });
    try {
      await worker.upload(runId, 'a', 'x').expect(problem(507, 'STORAGE_FULL'));
    } finally {
      disk.mockRestore();
    }
  });
});

describe('log lines over HTTP', () => {
  const log = (runId: string) => jobato.api.get(`/api/runs/${runId}/logs`);

  it('are numbered by the server and dropped if already received', async () => {
    const { worker, runId } = await held();
    const at = new Date().toISOString();
    const first = [
      { n: 1, at, stream: 'stderr', step: 'fetch', text: 'one' },
      { n: 2, at: null, stream: null, step: null, text: 'two' },
      { text: '' },
    ];
    await worker.log(runId, first, { attempt: 1 }).expect(202, { accepting: true });
    await worker.log(runId, [...first.slice(0, 2), { n: 3, text: 'three' }]).expect(202);
    const { body } = await log(runId).set({ accept: 'application/json' }).expect(200);
    expect((body as { items: object[] }).items).toEqual([
      { seq: 1, at, stream: 'stderr', step: 'fetch', text: 'one' },
      { seq: 2, at: expect.any(String), stream: 'stdout', step: null, text: 'two' },
      { seq: 3, at: expect.any(String), stream: 'stdout', step: null, text: '' },
      { seq: 4, at: expect.any(String), stream: 'stdout', step: null, text: 'three' },
    ]);
  });

  it('are limited to 10,000 per call', async () => {
    const { worker, runId } = await held();
    const many = Array.from({ length: 10_000 }, (_, n) => ({ n, text: `line ${n}` }));
    await worker.log(runId, many).expect(202);
    expect((await log(runId).expect(200)).text.split('\n')).toHaveLength(10_001);
    await worker.log(runId, [...many, { text: 'x' }]).expect(invalid('lines'));
  });

  it('can total up to 16 MiB per call, and the response reports a full log', async () => {
    const { worker, runId } = await held();
    const large = [...Array.from({ length: 150 }, () => ({ text: 'x'.repeat(100_000) }))];
    await worker.log(runId, large).expect(202, { accepting: false });
    await log(runId).expect(200, /LOG_LIMIT_MB/);
    const tooLarge = [...large, ...large];
    await worker.log(runId, tooLarge).expect(problem(413, 'PAYLOAD_TOO_LARGE'));
  });

  it('are accepted from the lease holder only, under any worker name', async () => {
    const { worker, runId } = await held();
    const one = [{ text: 'x' }];
    await worker.log(runId, one, { attempt: 1, workerId: worker.workerId }).expect(202);
    await worker.log(runId, one, { attempt: null, workerId: null }).expect(202);
    const stranger = new HttpWorker(jobato, worker.workerId);
    await stranger
      .log(runId, one, { workerId: worker.workerId, attempt: 1 })
      .expect(problem(409, 'LEASE_LOST'));
    await worker.log(runId, one, { attempt: 2 }).expect(problem(409, 'LEASE_LOST'));
    await worker.release(runId);
    await worker.log(runId, one, { attempt: 1 }).expect(problem(409, 'LEASE_LOST'));
    await worker.claimed({ projectIds: [(await view(runId)).projectId] });
    await worker.say(anEvent(runId, 'run.completed'));
    await worker.log(runId, one).expect(problem(409, 'RUN_ALREADY_ENDED'));
    await worker.log(UUID, one).expect(problem(404, 'RUN_NOT_FOUND'));
    await log(runId).expect(200, 'x\nx\n');
  });

  it.each<[unknown, string]>([
    [{}, 'lines'],
    [[], ''],
    [{ lines: null }, 'lines'],
    [{ lines: 'x' }, 'lines'],
    [{ lines: [5] }, 'lines.0'],
    [{ lines: [null] }, 'lines.0'],
    [{ lines: [{}] }, 'lines.0.text'],
    [{ lines: [{ text: 5 }] }, 'lines.0.text'],
    [{ lines: [{ text: 'x' }, { text: 'x', n: -1 }] }, 'lines.1.n'],
    [{ lines: [{ text: 'x', stream: 'stdin' }] }, 'lines.0.stream'],
    [{ lines: [{ text: 'x', level: 'info' }] }, 'lines.0.level'],
    [{ lines: [], attempt: 0 }, 'attempt'],
    [{ lines: [], workerId: '' }, 'workerId'],
    [{ lines: [], more: 1 }, 'more'],
  ])('are validated: %j', async (body, field) => {
    await new HttpWorker(jobato).post(`runs/${UUID}/logs`, body).expect(invalid(field));
  });
});

describe('artifacts and log lines over HTTP', () => {
  const uploadOf = (worker: HttpWorker, runId: string, workerId?: string) =>
    worker.upload(runId, 'a', 'x').set(workerId === undefined ? {} : { 'x-jobato-worker-id': workerId });
  const expectAccepted = async (worker: HttpWorker, runId: string, workerId?: string) => {
    await uploadOf(worker, runId, workerId).expect(201);
    await worker.log(runId, [{ text: 'x' }], { workerId }).expect(202);
  };
  const expectRefused = async (worker: HttpWorker, runId: string, workerId?: string) => {
    await uploadOf(worker, runId, workerId).expect(problem(409, 'LEASE_LOST'));
    await worker.log(runId, [{ text: 'x' }], { workerId }).expect(problem(409, 'LEASE_LOST'));
  };

  it('are accepted for a run with steps only from its lease holder', async () => {
    const steps = await RunningApp.start(
      { steps: nodeStep('steps', '0') },
      { JOBATO_API_KEY: KEY, WORKER: 'off' },
    );
    try {
      const worker = new HttpWorker(steps);
      const { runId } = await steps.trigger('steps');
      await expectRefused(worker, runId); // no worker holds the run
      await expectRefused(worker, runId, worker.workerId);
      await worker.claimed({ projectIds: ['steps'] });
      await expectRefused(new HttpWorker(steps, worker.workerId), runId, worker.workerId);
      for (const workerId of [worker.workerId, undefined]) await expectAccepted(worker, runId, workerId);
      await steps.api.get(`/api/runs/${runId}/logs`).expect(200, 'x\nx\n');
    } finally {
      await steps.stop();
    }
  });

  it('are rejected for a run of the embedded worker', async () => {
    const own = await RunningApp.start(
      { steps: nodeStep('steps', 'setInterval(() => {}, 1000)') },
      { JOBATO_API_KEY: KEY },
    );
    try {
      const { runId } = await own.trigger('steps');
      const { workerId } = await own.until(runId, ({ workerId }) => workerId !== null);
      await expectRefused(new HttpWorker(own), runId);
      await expectRefused(new HttpWorker(own, workerId!), runId, workerId!);
    } finally {
      await own.stop();
    }
  });

  it('are accepted for an unclaimed external run', async () => {
    const projectId = PROJECTS[used++]!;
    const { runId } = await jobato.trigger(projectId);
    const worker = new HttpWorker(jobato);
    for (const workerId of [undefined, worker.workerId]) await expectAccepted(worker, runId, workerId);
  });
});
