import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeStep, RunningApp } from '../support/jobato';
import { externalProject, KEY } from '../support/worker-api';

const ROOT = join(__dirname, '..', '..');
const TOKEN = 'an-admin-token-of-some-length';

const MAKER = nodeStep(
  'maker',
  `const fs = require('node:fs');
   console.log('first'); console.log('second');
   fs.writeFileSync(process.env.JOBATO_RUN_DIR + '/made.txt', 'made by ' + JSON.parse(process.env.JOBATO_PARAMS).who);
   fs.writeSync(3, JSON.stringify({ artifact: { path: 'made.txt' } }) + '\\n');`,
  'params: { who: { type: string, default: world } }\n',
);
const WAITER = nodeStep('waiter', 'setInterval(() => {}, 1000)');

/** Uses only the generated types, and throws for unexpected responses. */
const PROGRAM = `
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import createClient from 'openapi-fetch';
import type { components, paths } from './api.js';

type Run = components['schemas']['RunView'];
const [baseUrl = '', token = '', apiKey = ''] = process.argv.slice(2);
const client = createClient<paths>({ baseUrl, headers: { Authorization: \`Bearer \${token}\` } });

async function ended(runId: string): Promise<Run> {
  for (;;) {
    const { data, error } = await client.GET('/api/runs/{runId}', { params: { path: { runId } } });
    assert(data, error?.detail);
    if (data.status !== 'running') return data;
    await delay(20);
  }
}

const started = await client.POST('/api/projects/{projectId}/runs', {
  params: { path: { projectId: 'maker' }, header: { 'Idempotency-Key': 'once' } },
  body: { params: { who: 'a client' } },
});
assert(started.data, started.error?.detail);
const { runId } = started.data;
assert.equal(started.response.headers.get('Location'), \`/api/runs/\${runId}\`);

const run = await ended(runId);
assert.equal(run.status, 'completed');
const [step] = run.steps;
assert.equal(step?.exitCode, 0);
const milliseconds: number | null = run.durationMs;
assert(milliseconds !== null && run.waiting === null && run.error === null);

const path = { runId };
const text = await client.GET('/api/runs/{runId}/logs', { params: { path }, parseAs: 'text' });
assert.equal(text.data, 'first\\nsecond\\n');
const page = await client.GET('/api/runs/{runId}/logs', {
  params: { path, query: { limit: 1 } },
  headers: { Accept: 'application/json' },
});
assert(page.data && typeof page.data !== 'string');
assert.deepEqual(page.data.items.map((line) => line.text), ['first']);
const next = await client.GET('/api/runs/{runId}/logs', {
  params: { path, query: { after: page.data.nextAfter ?? undefined } },
  headers: { Accept: 'application/json' },
});
assert(next.data && typeof next.data !== 'string');
assert.deepEqual(next.data.items.map((line) => [line.seq, line.stream, line.text]), [[2, 'stdout', 'second']]);

const [artifact] = run.artifacts;
assert(artifact);
const file = await client.GET('/api/runs/{runId}/artifacts/{name}', {
  params: { path: { runId, name: artifact.name } },
  parseAs: 'text',
});
assert.equal(file.data, 'made by a client');

const events = await client.GET('/api/runs/{runId}/events', { params: { path, query: { limit: 1 } } });
assert(events.data?.nextCursor);
const later = await client.GET('/api/runs/{runId}/events', {
  params: { path, query: { cursor: events.data.nextCursor } },
});
assert(later.data && later.data.items[0]?.eventId !== events.data.items[0]?.eventId);

// No body is needed to start a run.
const waiting = await client.POST('/api/projects/{projectId}/runs', { params: { path: { projectId: 'waiter' } } });
assert(waiting.data, waiting.error?.detail);
const inTheWay = await client.POST('/api/projects/{projectId}/runs', { params: { path: { projectId: 'waiter' } } });
assert.equal(inTheWay.error?.errorCode, 'RUN_IN_PROGRESS');
assert.equal(inTheWay.error?.activeRunId, waiting.data.runId);

const runs = await client.GET('/api/runs', { params: { query: { limit: 1, status: 'running' } } });
assert.deepEqual(runs.data?.items.map((item) => item.runId), [waiting.data.runId]);
const stop = { params: { path: { runId: waiting.data.runId } } };
assert((await client.DELETE('/api/runs/{runId}', stop)).data);
assert.equal((await ended(waiting.data.runId)).status, 'cancelled');
const again = await client.DELETE('/api/runs/{runId}', stop);
assert.equal(again.error?.errorCode, 'RUN_ALREADY_ENDED');

const worker = createClient<paths>({ baseUrl, headers: { 'X-Jobato-Api-Key': apiKey } });
const asked = await client.POST('/api/projects/{projectId}/runs', { params: { path: { projectId: 'elsewhere' } } });
assert(asked.data);
const claim = await worker.POST('/api/internal/runs/claim', { body: { workerId: 'generated' } });
assert.equal(claim.data?.runId, asked.data.runId);
const { leaseToken } = claim.data;
const taken = await worker.POST('/api/internal/events', {
  body: [
    {
      eventId: crypto.randomUUID(),
      eventType: 'run.completed',
      eventVersion: 1,
      occurredAt: new Date().toISOString(),
      runId: claim.data.runId,
      payload: { newJobsCount: 3 },
      leaseToken,
    },
  ],
});
assert.deepEqual(taken.data, { accepted: 1, duplicates: 0, rejected: [] });
assert.equal((await ended(asked.data.runId)).summary['newJobsCount'], 3);

// @ts-expect-error no such status
await client.GET('/api/runs', { params: { query: { status: 'nonsense' } } });
// @ts-expect-error the path needs a run
await client.GET('/api/runs/{runId}', {}).catch(() => undefined);
console.log('drove three runs');
`;

describe('client generated from the API description', () => {
  let jobato: RunningApp;
  let folder: string;
  beforeAll(async () => {
    jobato = await RunningApp.start(
      { maker: MAKER, waiter: WAITER, elsewhere: externalProject('elsewhere') },
      { JOBATO_ADMIN_TOKEN: TOKEN, JOBATO_API_KEY: KEY },
    );
    folder = mkdtempSync(join(tmpdir(), 'jobato-client-'));
  });
  afterAll(async () => {
    await jobato.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('compiles in strict mode and drives runs', async () => {
    const headers = { authorization: `Bearer ${TOKEN}` };
    const api = await (await jobato.fetch('/api/openapi.json', { headers })).text();
    writeFileSync(join(folder, 'api.json'), api);
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(folder, 'drive-runs.ts'), PROGRAM);
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));

    const bin = (name: string) => join(ROOT, 'node_modules', '.bin', name);
    await done(bin('openapi-typescript'), ['api.json', '-o', 'api.d.ts']);
    const strict = ['--strict', '--noUncheckedIndexedAccess'];
    const modules = ['--module', 'nodenext', '--target', 'es2023', '--lib', 'es2023,dom', '--types', 'node'];
    await done(bin('tsc'), [...strict, ...modules, '--skipLibCheck', 'drive-runs.ts']);
    const output = await done(process.execPath, ['drive-runs.js', jobato.url, TOKEN, KEY]);
    expect(output).toBe('drove three runs\n');
  });

  /** Runs a program and returns its output. Throws with the output if it fails. */
  async function done(program: string, args: string[]): Promise<string> {
    const child = spawn(program, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    }
    const [exitCode] = (await once(child, 'close')) as [number | null];
    if (exitCode !== 0) throw new Error(`${program} ended with ${exitCode}:\n${output}`);
    return output;
  }
});
