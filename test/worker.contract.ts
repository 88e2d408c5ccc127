import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { RunView } from '../src/runs/run-view';
import { Belongings, eventsOf, eventually, flawsOf, logOf, within } from './support/crash';
import { type Folders, nodeStep, ServerProcess, writeProject } from './support/jobato';
import { readSse } from './support/sse';
import { freePort, livingSteps, WorkerChild } from './support/worker-child';

const KEY = 'first-key-of-the-workers';
const SECRET = 'swordfish-of-the-worker';
const WAITS = 'setInterval(() => {}, 1000);';
/** Returns a program that prints this many numbered lines at this interval. */
const counts = (lines: number, everyMs: number) =>
  `let line = 0; const write = () => { console.log('line ' + ++line); if (line < ${lines}) setTimeout(write, ${everyMs}); }; write()`;
const SAYS = `const fs = require('fs'); const say = (report) => fs.writeSync(3, JSON.stringify(report) + '\\n');`;

/** Waits in the first attempt, and ends at once in the next. */
const ONLY_FIRST_WAITS = `console.log('attempt ' + process.env.JOBATO_ATTEMPT); if (process.env.JOBATO_ATTEMPT === '1') ${WAITS}`;

const until = (file: string) => `until [ -e "$JOBATO_WORK_DIR/${file}" ]; do sleep 0.02; done`;

/** Two steps that wait for each other, one that succeeds in its second attempt, outputs, and a step for every end. */
const GRAPH = `id: graph
steps:
  - name: left
    run: |
      touch "$JOBATO_WORK_DIR/left"
      ${until('right')}
      echo '{"output":{"rows":12}}' >&3
    needs: []
  - name: right
    run: |
      touch "$JOBATO_WORK_DIR/right"
      ${until('left')}
      [ "$JOBATO_STEP_ATTEMPT" = 2 ] || exit 3
    needs: []
    retry: { maxAttempts: 2, delaySeconds: 0 }
  - name: join
    command: [echo, "rows=\${outputs.left.rows}"]
    needs: [left, right]
  - { name: tidy, run: echo tidying, when: always }
`;

const PROJECTS = {
  graph: GRAPH,
  whole:
    nodeStep(
      'whole',
      `${SAYS} const { JOBATO_RUN_DIR: dir, JOBATO_WORK_DIR: work, TOKEN } = process.env;
       console.log('out ' + TOKEN); console.error('err ' + TOKEN);
       fs.mkdirSync(dir + '/reports'); fs.writeFileSync(dir + '/reports/of work.txt', 'made'.repeat(100000));
       fs.writeFileSync(work + '/kept', 'kept');
       say({ progress: { current: 1, total: 2, message: TOKEN } }); say({ metrics: { newJobsCount: 7 } });
       say({ artifact: { path: 'reports/of work.txt' } }); say({ partial: { reason: 'half-done' } })`,
    ) +
    '    passEnv: [TOKEN]\n' +
    '  - name: after\n    command: [echo, after]\n',
  prompt: nodeStep(
    'prompt',
    `process.stdout.write('10 %\\r20 %'); process.on('SIGTERM', () => { console.log(' done'); process.exit(0); }); ${WAITS}`,
  ),
  polite: nodeStep('polite', `process.on('SIGTERM', () => process.exit(0)); console.log('ready'); ${WAITS}`),
  again: nodeStep('again', ONLY_FIRST_WAITS, 'retry: { maxAttempts: 2 }\n'),
  once: nodeStep('once', `console.log('attempt ' + process.env.JOBATO_ATTEMPT); ${WAITS}`),
  brief: nodeStep('brief', `console.log('ready'); setTimeout(() => console.log('done'), 1500)`),
  counts: nodeStep('counts', counts(150, 20)),
  fails: nodeStep('fails', `console.error('no'); process.exit(3)`),
  vault: nodeStep(
    'vault',
    `const { JOBATO_PARAM_TOKEN: token } = process.env; console.log(token, [...token].reverse().join(''))`,
    'params: { token: { type: secret, required: true } }\n',
  ),
  result: nodeStep(
    'result',
    `${SAYS} const { JOBATO_RUN_DIR: dir, JOBATO_HTML_DIR: html, JOBATO_CURRENT_RESULT: current } = process.env;
     console.log('before: ' + (current ? fs.readFileSync(current, 'utf8') : 'none'));
     fs.writeFileSync(html + '/page.html', '<p>');
     fs.writeFileSync(dir + '/made.txt', 'made in attempt ' + process.env.JOBATO_RUN_ID);
     say({ result: { path: 'made.txt' } })`,
  ),
  unmade: `${nodeStep('unmade', `${SAYS} say({ result: { path: process.env.TOKEN + '.txt' } })`)}    passEnv: [TOKEN]\n`,
  first: nodeStep('first', `console.log('ready'); ${WAITS}`),
  outside: 'id: outside\nexecutor: external\n',
  second: nodeStep('second', `console.log('ready'); ${WAITS}`),
};

/** A server and its workers as processes with one DATA_DIR, as on one machine. */
export class Installation {
  readonly belongings = new Belongings();
  readonly folders: Folders;
  readonly workers: WorkerChild[] = [];
  server!: ServerProcess;
  port = 0;

  constructor(private readonly environment: () => Record<string, string>) {
    this.folders = this.belongings.makeFolders(PROJECTS);
  }

  async startServer(): Promise<ServerProcess> {
    this.port ||= await freePort();
    this.server = await this.belongings.start(this.folders, {
      WORKER: 'off',
      PORT: String(this.port),
      JOBATO_API_KEY: `${KEY},second-key-of-the-workers`,
      ...this.environment(),
    });
    return this.server;
  }

  async startWorker(more: Record<string, string> = {}): Promise<WorkerChild> {
    const worker = await WorkerChild.start(this.ofWorker(more));
    this.workers.push(worker);
    return worker;
  }

  ofWorker(more: Record<string, string> = {}): Record<string, string> {
    return {
      JOBATO_URL: `http://127.0.0.1:${this.port}`,
      JOBATO_API_KEY: KEY,
      DATA_DIR: this.folders.dataDir,
      CONFIG_DIR: this.folders.configDir,
      WORKER_CONCURRENCY: '2',
      TOKEN: SECRET,
      ...this.environment(),
      ...more,
    };
  }

  /** Ends all workers, so that the next test starts without any. */
  async endWorkers(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.end('SIGKILL')));
    this.workers.length = 0;
  }

  async clear(): Promise<void> {
    await this.endWorkers();
    await this.belongings.clear();
  }

  /** Returns the run once a worker holds it. */
  untilHeld(runId: string, attempt = 1): Promise<RunView> {
    return this.server.until(runId, (run) => run.workerId !== null && run.attempt === attempt);
  }

  stop(runId: string): Promise<Response> {
    return fetch(`${this.server.url}/api/runs/${runId}`, { method: 'DELETE' });
  }

  living(): number[] {
    return livingSteps(this.folders.dataDir);
  }
}

/** The contract of a worker process, for both ways of getting work. */
export function describeWorker(way: string, environment: () => Record<string, string>): void {
  describe(`worker process over ${way}`, () => {
    let all: Installation;
    beforeAll(async () => {
      all = new Installation(environment);
      await all.startServer();
    });
    afterEach(async () => {
      await all.endWorkers();
    });
    afterAll(() => all.clear());

    it('executes a run and reports its steps, log, artifacts and metrics', async () => {
      const worker = await all.startWorker();
      const { runId } = await all.server.trigger('whole', { params: {} });
      const run = await all.server.untilEnded(runId);
      expect(run).toMatchObject({
        status: 'partial',
        statusReason: 'half-done',
        attempt: 1,
        workerId: worker.workerId,
        progress: { step: 'after' },
        summary: { newJobsCount: 7 },
        artifacts: [{ name: 'reports/of work.txt', size: 400_000 }],
      });
      expect(run.steps.map(({ name, status, exitCode }) => [name, status, exitCode])).toEqual([
        ['work', 'completed', 0],
        ['after', 'completed', 0],
      ]);
      // The two outputs are separate pipes, so the order of their lines is undefined.
      await eventually('the log', async () => (await logOf(all.server, runId)).length >= 3);
      expect((await logOf(all.server, runId)).sort()).toEqual(['after', 'err ***', 'out ***']);
      const made = await fetch(`${all.server.url}${run.artifacts[0]!.href}`);
      expect(await made.text()).toBe('made'.repeat(100_000));

      const events = await (await fetch(`${all.server.url}/api/runs/${runId}/events?limit=200`)).text();
      expect(events + worker.output.join() + all.server.output.join()).not.toContain(SECRET);
      expect(readFileSync(join(all.folders.dataDir, 'work', 'whole', 'kept'), 'utf8')).toBe('kept');
      // The worker need not keep files that the server has.
      await eventually(
        'its folder to be gone',
        () => !existsSync(join(all.folders.dataDir, 'worker-1', 'runs', runId)),
      );
      const listed = (await (await fetch(`${all.server.url}/api/workers`)).json()) as { items: object[] };
      expect(listed.items).toContainEqual(expect.objectContaining({ workerId: worker.workerId }));
    });

    it('shows an unfinished line before it is finished', async () => {
      await all.startWorker();
      const { runId } = await all.server.trigger('prompt');
      for await (const { event, data } of readSse(`${all.server.url}/api/runs/${runId}/logs`)) {
        if (event !== 'line') continue;
        expect(JSON.parse(data)).toEqual({ step: 'work', stream: 'stdout', text: '20 %' });
        break;
      }
      await all.stop(runId);
      await all.server.untilEnded(runId);
      await eventually('the log', async () => (await logOf(all.server, runId)).includes('20 % done'));
    });

    it('executes a graph of steps, and hands outputs of an earlier run to a re-run', async () => {
      await all.startWorker();
      const { runId } = await all.server.trigger('graph');
      const run = await within(30_000, 'the graph', all.server.untilEnded(runId));
      expect(run).toMatchObject({ status: 'completed', error: null });
      expect(run.steps.map(({ name, status, attempts }) => [name, status, attempts.length])).toEqual([
        ['left', 'completed', 1],
        ['right', 'completed', 2],
        ['join', 'completed', 1],
        ['tidy', 'completed', 1],
      ]);
      const answer = await fetch(`${all.server.url}/api/runs/${runId}/rerun`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ scope: 'only:join' }),
      });
      const again = (await answer.json()) as RunView;
      expect(await all.server.untilEnded(again.runId)).toMatchObject({ status: 'completed' });
      await eventually('the log', async () => (await logOf(all.server, again.runId)).length > 0);
      expect(await logOf(all.server, again.runId)).toEqual(['rows=12']);
    });

    it('hands over the result of a run, and gets it for the next one', async () => {
      await all.startWorker();
      const run = async () => {
        const { runId } = await all.server.trigger('result');
        expect(await all.server.untilEnded(runId)).toMatchObject({
          status: 'completed',
          result: { state: 'accepted', name: 'made.txt' },
        });
        await eventually('the log', async () => (await logOf(all.server, runId)).length > 0);
        return { runId, log: await logOf(all.server, runId) };
      };
      const first = await run();
      expect(first.log).toEqual(['before: none']);
      const second = await run();
      expect(second.log).toEqual([`before: made in attempt ${first.runId}`]);
      const live = await fetch(`${all.server.url}/api/projects/result/result/file`);
      expect(await live.text()).toBe(`made in attempt ${second.runId}`);
      const { dataDir } = all.folders;
      expect(existsSync(join(dataDir, 'html', 'result', first.runId, 'page.html'))).toBe(true);
      await eventually(
        'its copy to be gone',
        () => !existsSync(join(dataDir, 'worker-1', 'current', first.runId)),
      );
    });

    it('masks secrets in the reason why a result could not be handed over', async () => {
      await all.startWorker();
      const { runId } = await all.server.trigger('unmade');
      expect(await all.server.untilEnded(runId)).toMatchObject({ result: { state: 'result-missing' } });
      await eventually('the log', async () => (await logOf(all.server, runId)).length > 0);
      expect(await logOf(all.server, runId)).toEqual([
        'The result could not be handed over: the artifact "***.txt" does not exist',
      ]);
    });

    it('gets secrets with its claim, and in no event', async () => {
      await all.startWorker();
      const { runId } = await all.server.trigger('vault', { params: { token: 'open-sesame-42' } });
      expect(await all.server.untilEnded(runId)).toMatchObject({ status: 'completed' });
      await eventually('the log', async () => (await logOf(all.server, runId)).length > 0);
      expect(await logOf(all.server, runId)).toEqual(['*** 24-emases-nepo']);
      const [requested] = await eventsOf(all.server, runId);
      expect(requested).toMatchObject({ eventType: 'run.requested', payload: { params: {} } });
    });

    it('reports a failure', async () => {
      await all.startWorker();
      const { runId } = await all.server.trigger('fails');
      expect(await all.server.untilEnded(runId)).toMatchObject({
        status: 'failed',
        statusReason: 'step-failed',
        error: { code: 'STEP_FAILED', message: expect.stringMatching(/3.*no/) },
      });
    });

    it('stops a cancelled run', async () => {
      await all.startWorker();
      const { runId } = await all.server.trigger('polite');
      await all.server.untilLogged(runId, 'ready');
      expect((await all.stop(runId)).status).toBe(202);
      const run = await within(10_000, 'the stop', all.server.untilEnded(runId));
      expect(run).toMatchObject({ status: 'cancelled', statusReason: 'cancelled-by-user', error: null });
      expect(all.living()).toEqual([]);
      const told = (await eventsOf(all.server, runId)).flatMap(({ payload }) => payload.stopping ?? []);
      expect(told[0]).toMatchObject({
        signal: 'SIGTERM',
        cause: 'stop-requested',
        aliveCount: expect.any(Number),
      });
    });

    it('executes only definitions that match its own files', async () => {
      const other = all.belongings.makeFolders({ brief: nodeStep('brief', "console.log('something else')") });
      await all.startWorker({ CONFIG_DIR: other.configDir });
      const { runId } = await all.server.trigger('brief');
      const run = await all.server.untilEnded(runId);
      expect(run).toMatchObject({
        status: 'failed',
        statusReason: 'definition-mismatch',
        error: { code: 'DEFINITION_MISMATCH', message: expect.stringContaining('CONFIG_DIR') },
      });
      expect(await logOf(all.server, runId)).toEqual([]);

      const unknown = await all.server.trigger('fails');
      expect(await all.server.untilEnded(unknown.runId)).toMatchObject({
        statusReason: 'definition-mismatch',
        error: { message: expect.stringContaining('has no project "fails"') },
      });

      // The worker notices immediately that the file matches again.
      writeProject(other, 'brief', PROJECTS.brief);
      const next = await all.server.trigger('brief');
      expect(await all.server.untilEnded(next.runId)).toMatchObject({ status: 'completed' });
    });

    it('ignores runs for external workers', async () => {
      await all.startWorker();
      const outside = await all.server.trigger('outside');
      const { runId } = await all.server.trigger('brief');
      await all.server.untilEnded(runId);
      expect(await all.server.get(outside.runId)).toMatchObject({ status: 'running', workerId: null });
      await all.stop(outside.runId);
    });

    it('lets short runs finish when it is stopped', async () => {
      const worker = await all.startWorker();
      const { runId } = await all.server.trigger('brief');
      await all.server.untilLogged(runId, 'ready');
      expect(await within(25_000, 'its end', worker.end('SIGTERM'))).toBe(0);
      expect(await all.server.untilEnded(runId)).toMatchObject({ status: 'completed', attempt: 1 });
      expect(await logOf(all.server, runId)).toEqual(['ready', 'done']);
    });

    it('releases long runs when it is stopped and leaves no process behind', async () => {
      const worker = await all.startWorker({ WORKER_DRAIN_SECONDS: '0' });
      const { runId } = await all.server.trigger('again');
      await all.server.untilLogged(runId, 'attempt 1');
      const next = await all.startWorker();
      expect(await within(25_000, 'its end', worker.end('SIGTERM'))).toBe(0);
      const run = await within(10_000, 'the next attempt', all.server.untilEnded(runId));
      expect(run).toMatchObject({ status: 'completed', attempt: 2, workerId: next.workerId });
      expect(all.living()).toEqual([]);
      const log = await logOf(all.server, runId);
      expect([log[0], log.at(-1)]).toEqual(['attempt 1', 'attempt 2']);
    });

    it('releases the runs of a killed worker at its next start', async () => {
      const worker = await all.startWorker();
      const [again, once] = [await all.server.trigger('again'), await all.server.trigger('once')];
      for (const { runId } of [again, once]) await all.server.untilLogged(runId, 'attempt 1');
      const before = all.living();
      expect(before).toHaveLength(2);
      await worker.end('SIGKILL');
      const next = await all.startWorker();
      expect(next.workerId).toBe(worker.workerId);
      expect(all.living().filter((pid) => before.includes(pid))).toEqual([]);
      expect(await within(10_000, 'the next attempt', all.server.untilEnded(again.runId))).toMatchObject({
        status: 'completed',
        attempt: 2,
      });
      expect(await within(10_000, 'the end', all.server.untilEnded(once.runId))).toMatchObject({
        status: 'failed',
        statusReason: 'worker-lost',
      });
    });

    it('releases a run that it cannot start', async () => {
      const worker = await all.startWorker();
      const notes = join(all.folders.dataDir, 'worker-1', 'held');
      rmSync(notes, { recursive: true });
      const { runId } = await all.server.trigger('brief');
      await eventually('the hand-back', async () => {
        const events = await eventsOf(all.server, runId);
        return events.filter(({ eventType }) => eventType === 'run.requested').length > 1;
      });
      mkdirSync(notes);
      // The attempt never started, so it does not count.
      expect(await within(20_000, 'the end', all.server.untilEnded(runId))).toMatchObject({
        status: 'completed',
        attempt: 1,
        workerId: worker.workerId,
      });
      const [first] = await logOf(all.server, runId);
      expect(first).toMatch(/returned the run before starting it: The worker could not start the run/);
    });

    it('continues during a server outage without losing log lines', async () => {
      await all.startWorker();
      const { runId } = await all.server.trigger('counts');
      await all.server.untilLogged(runId, 'line 20"');
      await all.server.end('SIGKILL');
      await all.startServer();
      const run = await within(20_000, 'the end', all.server.untilEnded(runId));
      expect(run).toMatchObject({ status: 'completed', attempt: 1 });
      await eventually('the whole log', async () => (await logOf(all.server, runId)).length >= 150);
      const expected = Array.from({ length: 150 }, (_, index) => `line ${index + 1}`);
      expect(await logOf(all.server, runId)).toEqual(expected);
      expect(flawsOf(all.folders)).toEqual([]);
    });

    it('shares the load with another worker on the same machine', async () => {
      const workers = [
        await all.startWorker({ WORKER_CONCURRENCY: '1' }),
        await all.startWorker({ WORKER_CONCURRENCY: '1' }),
      ];
      const runs = [await all.server.trigger('first'), await all.server.trigger('second')];
      const held = await Promise.all(runs.map(({ runId }) => all.untilHeld(runId)));
      expect(held.map(({ workerId }) => workerId).sort()).toEqual(
        workers.map(({ workerId }) => workerId).sort(),
      );
      for (const { runId } of runs) await all.stop(runId);
      for (const { runId } of runs) await all.server.untilEnded(runId);
    });

    it('stops a run after losing its lease and sends no more events', async () => {
      await all.startWorker();
      const { runId } = await all.server.trigger('again');
      await all.server.untilLogged(runId, 'attempt 1');
      const [pid] = all.living();
      const taken = await fetch(`${all.server.url}/api/internal/runs/${runId}/release`, {
        method: 'POST',
        headers: {
          'x-jobato-api-key': KEY,
          'content-type': 'application/json',
          'x-jobato-lease': readFileSync(join(all.folders.dataDir, 'worker-1', 'held', `${runId}.1`), 'utf8'),
        },
        body: JSON.stringify({ attempt: 1 }),
      });
      expect(taken.status).toBe(200);
      // The same worker receives the next attempt, and starts it after the first one has ended.
      expect(await within(25_000, 'the next attempt', all.server.untilEnded(runId))).toMatchObject({
        status: 'completed',
        attempt: 2,
      });
      expect(all.living()).not.toContain(pid);
      const events = await eventsOf(all.server, runId);
      expect(events.filter(({ outcome }) => outcome !== 'applied')).toEqual([]);
    });
  });
}
