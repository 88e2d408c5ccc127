import { Agent, request } from 'node:http';
import { rmSync } from 'node:fs';
import type { OpenAPIObject } from '@nestjs/swagger';
import { PAYLOAD_SCHEMAS } from '../src/events/event-schemas';
import { type Answer, AnswerChecker } from './support/answer-checker';
import { type FuzzedRequest, fuzzedRequest } from './support/fuzzed-requests';
import { FuzzedValues } from './support/fuzzed-values';
import { type Folders, makeFolders, nodeStep, ServerProcess } from './support/jobato';
import { operationsOf, type Schema } from './support/openapi';
import { SeededRandom } from './support/random';
import { externalProject, KEY } from './support/worker-api';

const REQUESTS = Number(process.env.FUZZ_REQUESTS ?? 400);
const SEED = Number(process.env.FUZZ_SEED ?? 1);
const AT_ONCE = 8;
const TOKEN = 'an-admin-token-of-some-length';
const BEARER = { authorization: `Bearer ${TOKEN}` };

const PROJECTS = {
  steps: nodeStep(
    'steps',
    "require('node:fs').writeFileSync(process.env.JOBATO_RUN_DIR + '/made.txt', 'x');" +
      `require('node:fs').writeSync(3, '{"artifact":{"path":"made.txt"}}\\n'); console.log('a line')`,
    'params: { depth: { type: integer, default: 1, min: 1, max: 9 }, word: { type: string } }\n',
  ),
  waits: nodeStep('waits', 'setInterval(() => {}, 1000)'),
  ...Object.fromEntries(
    ['one', 'two', 'three'].map((id) => [id, externalProject(id, 'retry: { maxAttempts: 9 }\n')]),
  ),
};

describe(`${REQUESTS} requests generated from the API description (FUZZ_SEED=${SEED})`, () => {
  let folders: Folders;
  let server: ServerProcess;
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  beforeAll(async () => {
    folders = makeFolders(PROJECTS);
    server = await ServerProcess.start(folders, {
      JOBATO_ADMIN_TOKEN: TOKEN,
      JOBATO_API_KEY: KEY,
    });
  });
  afterAll(async () => {
    agent.destroy();
    await server.end('SIGKILL');
    rmSync(folders.root, { recursive: true, force: true });
  });

  it('match the API description and cause no server error', async () => {
    const api = (await (
      await fetch(`${server.url}/api/openapi.json`, { headers: BEARER })
    ).json()) as OpenAPIObject;
    const random = new SeededRandom(SEED);
    const values = new FuzzedValues(random, schemasOf(api), await knownValues());
    const checker = new AnswerChecker(api);
    const operations = operationsOf(api);
    const pick = <Item>(items: Item[]) => random.pick(items);
    const requests = Array.from({ length: REQUESTS }, () => {
      const operation = pick(operations);
      const isForWorkers = operation.path.startsWith('/api/internal');
      return fuzzedRequest(operation, values, pick, isForWorkers ? { 'x-jobato-api-key': KEY } : BEARER);
    });

    const flaws: string[] = [];
    const statuses = new Map<number, number>();
    const left = requests.values();
    const sender = async () => {
      for (const one of left) {
        const answer = await send(one);
        statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
        const flaw = checker.flawOf(one.operation, answer);
        if (flaw !== null) flaws.push(`${describeRequest(one)}\n  ${flaw}`);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, sender));
    const faults = server.output.filter((line) => line.includes('"level":"error"'));
    expect({ seed: SEED, flaws: flaws.slice(0, 20), faults }).toEqual({ seed: SEED, flaws: [], faults: [] });
    // Requests reach their handlers, and are refused for many reasons.
    expect([...statuses.keys()]).toEqual(expect.arrayContaining([200, 201, 202, 400, 401, 404, 409]));
  });

  /** Creates runs, artifacts and events, and returns their ids by parameter name. */
  async function knownValues(): Promise<Record<string, unknown[]>> {
    const post = async (path: string, body: object) => {
      const response = await fetch(`${server.url}${path}`, {
        method: 'POST',
        headers: { ...BEARER, 'x-jobato-api-key': KEY, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      return (await response.json()) as Record<string, string>;
    };
    const finished = await post('/api/projects/steps/runs', {});
    // The stream of a log ends with the run, so this waits for that.
    await (
      await fetch(`${server.url}/api/runs/${finished.runId}/logs`, {
        headers: { ...BEARER, accept: 'text/event-stream' },
      })
    ).text();
    const claimed = await post('/api/projects/one/runs', {});
    const { leaseToken } = await post('/api/internal/runs/claim', { workerId: 'known' });
    const unclaimed = await post('/api/projects/two/runs', {});
    await post('/api/internal/events', { eventId: 'not an id' });
    return {
      projectId: [...Object.keys(PROJECTS), 'nowhere'],
      projectIds: [['one', 'two', 'three']],
      runId: [finished.runId, claimed.runId, unclaimed.runId],
      name: ['made.txt', 'sub/folder/file.md'],
      id: ['1', '2'],
      scope: ['full', 'only:work', 'from:work'],
      params: [{}, { depth: 2, word: 'x' }, { depth: 'x' }],
      workerId: ['known', 'other'],
      attempt: [1],
      eventType: Object.keys(PAYLOAD_SCHEMAS),
      eventVersion: [1],
      payload: [{}, { current: 1 }, { lines: [{ text: 'x' }] }, { workerId: 'known', attempt: 1 }],
      leaseToken: [leaseToken],
      'X-Jobato-Lease': [leaseToken],
      'X-Jobato-Attempt': ['1'],
    };
  }

  function send({ method, path, headers, body }: FuzzedRequest): Promise<Answer> {
    const { hostname, port } = new URL(server.url);
    return new Promise((resolve, reject) => {
      const sent = request({ hostname, port, agent, method, path, headers }, (response) => {
        const status = response.statusCode!;
        const type = response.headers['content-type'] ?? '';
        if (type.startsWith('text/event-stream')) {
          response.destroy(); // the stream lasts until the run ends
          resolve({ status, type, body: '' });
          return;
        }
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => resolve({ status, type, body: Buffer.concat(chunks).toString() }));
        response.on('error', reject);
      });
      sent.on('error', (error) => reject(new Error(`${method} ${path}: ${error.message}`)));
      sent.end(body ?? undefined);
    });
  }
});

function describeRequest({ method, path, headers, body }: FuzzedRequest): string {
  return `${method} ${path} ${JSON.stringify(headers)} ${body === null ? '' : String(body).slice(0, 300)}`;
}

function schemasOf({ components }: OpenAPIObject): Record<string, Schema> {
  return components!.schemas as Record<string, Schema>;
}
