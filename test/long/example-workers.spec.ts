import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CliProcess } from '../support/cli-process';
import { eventually } from '../support/crash';
import { RunningApp } from '../support/jobato';
import { missingForBash, pythonWithRedis } from '../support/languages.cjs';
import { RedisServer } from '../support/redis';
import { externalProject, KEY } from '../support/worker-api';

const FOLDER = join(__dirname, '..', '..', 'examples', 'workers');
const QUICK = { STEPS: '3', STEP_SECONDS: '0.1' };
const PROJECT = externalProject('jobs', 'stopGraceSeconds: 20\n');

const python = pythonWithRedis();
const lacking = missingForBash();
const noPython = python === null ? 'skipped: no Python here can import redis (Debian: python3-redis)' : null;
const noBash = lacking.length > 0 ? `skipped: ${lacking.join(', ')} not here` : null;

interface Example {
  file: string;
  program: string;
  /** Why it cannot run on this machine; null if it can. */
  skipped: string | null;
}
const POLITE: Example[] = [
  { file: 'worker.py', program: python ?? '', skipped: noPython },
  { file: 'worker.mjs', program: process.execPath, skipped: null },
  { file: 'worker.sh', program: 'bash', skipped: noBash },
];
const SMALLEST: Example = { file: 'smallest.py', program: python ?? '', skipped: noPython };
const OVER_HTTP: Example = { file: 'http-worker.sh', program: 'bash', skipped: noBash };

/** Runs the example if its language is installed; otherwise the list of tests shows the reason. */
const where = ({ file, skipped }: Example) =>
  skipped === null
    ? { it, itAtOnce: it.concurrent, name: file }
    : { it: it.skip, itAtOnce: it.skip, name: `${file} (${skipped})` };

class WorkerProcess {
  private readonly child: ChildProcess;
  private readonly ended: Promise<unknown>;
  private output = '';

  constructor({ program, file }: Example, environment: Record<string, string>) {
    this.child = spawn(program, [join(FOLDER, file)], {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...QUICK, PROJECT_ID: 'jobs', ...environment },
    });
    this.ended = once(this.child, 'close');
    for (const stream of [this.child.stdout!, this.child.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    }
  }

  /** @returns its output */
  async kill(): Promise<string> {
    try {
      process.kill(-this.child.pid!, 'SIGKILL');
    } catch {
      // It has already ended.
    }
    await this.ended;
    return this.output;
  }
}

describe('example workers pass the contract test', () => {
  for (const example of [...POLITE, SMALLEST]) {
    const { itAtOnce, name } = where(example);
    itAtOnce(name, async () => {
      const redis = await RedisServer.start();
      try {
        const command = `${JSON.stringify(example.program)} ${JSON.stringify(join(FOLDER, example.file))}`;
        const { exitCode, stdout } = await CliProcess.start(
          'bin/jobato.mjs',
          [
            ...['contract-test', '--redis', redis.url, '--project', 'jobs', '--settle-seconds', '1'],
            ...['--worker-command', command],
          ],
          { ...QUICK, DATA_DIR: redis.dir },
        ).ended;
        expect(stdout.split('\n').filter((line) => line.includes('✗'))).toEqual([]);
        expect({ exitCode, stdout }).toMatchObject({
          exitCode: 0,
          stdout: expect.stringContaining('All checks passed'),
        });
        if (example !== SMALLEST) {
          expect(stdout).toContain('✓ stops on request: run.cancelled');
          expect(stdout).toContain('✓ handles the next attempt of the interrupted run');
          expect(stdout).toContain('✓ handles requests that arrived while it was stopped');
          expect(stdout).toContain('✓ ignores runs that ended while it was stopped');
        }
      } finally {
        await redis.end();
      }
    });
  }
});

describe('example workers on Redis', () => {
  let redis: RedisServer;
  let jobato: RunningApp;
  let worker: WorkerProcess | null = null;
  beforeAll(async () => {
    redis = await RedisServer.start();
    jobato = await RunningApp.start(
      { jobs: PROJECT },
      { REDIS_URL: redis.url, RUN_EVENTS_STREAM: 'ml:run-events', WORKER: 'off' },
    );
  });
  afterEach(async () => {
    await worker?.kill();
    worker = null;
  });
  afterAll(async () => {
    await jobato?.stop();
    await redis?.end();
  });

  const start = (example: Example, more: Record<string, string> = {}) =>
    (worker = new WorkerProcess(example, { REDIS_URL: redis.url, ...more }));

  for (const example of POLITE) {
    const { it, name } = where(example);

    it(`${name} executes an earlier request and reports progress`, async () => {
      const { runId } = await jobato.trigger('jobs');
      start(example);
      const run = await jobato.untilEnded(runId);
      expect(run).toMatchObject({
        status: 'completed',
        statusReason: null,
        metrics: { newJobsCount: 3 },
        progress: { current: 3, total: 3 },
        workerId: expect.stringMatching(/^(python|node|bash)-1$/),
      });
      // Log lines take another path than the end of the run, and may arrive after it.
      const log = () => jobato.fetch(`/api/runs/${runId}/logs`).then((response) => response.text());
      await eventually('the log', async () => (await log()) === 'did step 1\ndid step 2\ndid step 3\n');
    });

    it(`${name} stops on request`, async () => {
      start(example, { STEPS: '300' });
      const { runId } = await jobato.trigger('jobs');
      await jobato.until(runId, ({ progress }) => (progress.current ?? 0) >= 1);
      await jobato.fetch(`/api/runs/${runId}`, { method: 'DELETE' });
      const run = await jobato.untilEnded(runId);
      expect(run).toMatchObject({ status: 'cancelled', statusReason: 'cancelled-by-user', error: null });
    });

    it(`${name} continues after Redis is killed and loses its data`, async () => {
      start(example);
      await jobato.untilEnded((await jobato.trigger('jobs')).runId);
      await redis.kill();
      const { runId } = await jobato.trigger('jobs'); // accepted although Redis is down
      await redis.restart();
      expect(await jobato.untilEnded(runId)).toMatchObject({
        status: 'completed',
        metrics: { newJobsCount: 3 },
      });
    });
  }

  const { it, name } = where(SMALLEST);
  it(`${name}, which reads only new entries and reports only the end, completes runs`, async () => {
    const { dataDir } = jobato.folders;
    const client = redis.client();
    const readers = async () => {
      const clients = (await client.client('LIST')) as string;
      const lines = clients.split('\n').filter((line) => /\bcmd=xread /.test(line) && /\bflags=b/.test(line));
      return lines.map((line) => /\bid=\d+/.exec(line)![0]);
    };
    const before = new Set(await readers());
    start(SMALLEST, { DATA_DIR: dataDir });
    await eventually('a worker that reads', async () => (await readers()).some((id) => !before.has(id)));

    for (let round = 1; round <= 2; round++) {
      const { runId } = await jobato.trigger('jobs');
      await jobato.untilEnded(runId);
      const answer = await jobato.fetch(`/api/runs/${runId}`);
      expect(await answer.json()).toMatchObject({
        status: 'completed',
        workerId: null,
        summary: { newJobsCount: 3 },
        error: null,
      });
      // The pointer names the results of this run: the worker has replaced it atomically.
      const pointer = readFileSync(join(dataDir, 'db', 'current-db.txt'), 'utf8').trim();
      expect(pointer).toBe(`results-${runId}.json`);
      expect(JSON.parse(readFileSync(join(dataDir, 'db', pointer), 'utf8'))).toEqual([expect.any(Array), []]);
      const summary = await jobato.fetch('/api/reports/runs/latest?projectId=jobs');
      expect(await summary.json()).toMatchObject({ runId, status: 'completed', newJobsCount: 3 });
    }
    const rejected = await jobato.fetch('/api/events/rejected');
    expect(await rejected.json()).toMatchObject({ items: [] });
    expect(await worker!.kill()).toBe('');
  });
});

describe('example worker over HTTP', () => {
  let jobato: RunningApp;
  let worker: WorkerProcess | null = null;
  beforeAll(async () => {
    jobato = await RunningApp.start({ jobs: PROJECT }, { JOBATO_API_KEY: KEY, WORKER: 'off' });
  });
  afterEach(() => worker?.kill());
  afterAll(() => jobato?.stop());

  const { it, name } = where(OVER_HTTP);
  const start = (more: Record<string, string> = {}) =>
    (worker = new WorkerProcess(OVER_HTTP, { JOBATO_URL: jobato.url, JOBATO_API_KEY: KEY, ...more }));

  it(`${name} completes a run and reports progress`, async () => {
    start({ WORKER_ID: 'http-1' });
    const { runId } = await jobato.trigger('jobs');
    expect(await jobato.untilEnded(runId)).toMatchObject({
      status: 'completed',
      metrics: { newJobsCount: 3 },
      progress: { current: 3, total: 3 },
      workerId: 'http-1',
    });
    expect(await (await jobato.fetch(`/api/runs/${runId}/logs`)).text()).toBe(
      'did step 1\ndid step 2\ndid step 3\n',
    );
  });

  it(`${name} stops on request`, async () => {
    start({ STEPS: '300' });
    const { runId } = await jobato.trigger('jobs');
    await jobato.until(runId, ({ progress }) => (progress.current ?? 0) >= 1);
    await jobato.fetch(`/api/runs/${runId}`, { method: 'DELETE' });
    expect(await jobato.untilEnded(runId)).toMatchObject({
      status: 'cancelled',
      statusReason: 'cancelled-by-user',
      error: null,
    });
  });
});
