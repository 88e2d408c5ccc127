import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Run } from '../src/runs/run';
import type { RunView } from '../src/runs/run-view';
import { eventsOf } from './support/crash';
import { isAlive, nodeStep, RunningApp } from './support/jobato';
import { readSse } from './support/sse';

const WAITS = 'setInterval(() => {}, 1000);';
const AFTER = '  - name: after\n    command: [echo, after]\n';

/** Returns true while the process exists and is not a zombie. */
function runs(pid: number): boolean {
  if (!isAlive(pid)) return false;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2)[0] !== 'Z';
  } catch {
    return false;
  }
}

describe('end of a step', () => {
  let jobato: RunningApp;
  beforeAll(async () => {
    const limited = (id: string, program: string, limit: number) =>
      `${nodeStep(id, program)}    timeoutSeconds: ${limit}\n${AFTER}`;
    jobato = await RunningApp.start(
      {
        code: `${nodeStep('code', 'console.error("it broke"); process.exitCode = 42')}${AFTER}`,
        signal: `${nodeStep('signal', 'process.kill(process.pid, "SIGKILL")')}${AFTER}`,
        slow: limited('slow', `console.log('begun'); ${WAITS}`, 0.3),
        whole: `${nodeStep('whole', WAITS, 'timeoutSeconds: 1.5\n')}${AFTER}`,
        second: `id: second\ntimeoutSeconds: 0.6\nsteps:\n  - name: first\n    command: [echo, first]\n  - name: work\n    command: [sleep, '60']\n  - name: after\n    command: [echo, after]\n`,
        leaves: nodeStep(
          'leaves',
          `const { spawn } = require('child_process');
           const child = spawn('sleep', ['300'], { stdio: 'inherit' });
           console.log(child.pid); child.unref()`,
        ),
        polite: nodeStep(
          'polite',
          `process.on('SIGTERM', () => { console.log('tidying up'); setTimeout(() => process.exit(0), 50) }); console.log('ready'); ${WAITS}`,
        ),
        stubborn: nodeStep('stubborn', `process.on('SIGTERM', () => {}); console.log(process.pid); ${WAITS}`),
        family: nodeStep(
          'family',
          `const { spawn } = require('child_process');
           const shell = (detached) => spawn('sh', ['-c', 'sleep 300 & echo $!; wait'], { detached, stdio: ['ignore', 'inherit', 'inherit'] });
           const children = [shell(false), shell(true)];
           console.log(children[0].pid); console.log(children[1].pid); ${WAITS}`,
        ),
        real: nodeStep(
          'real',
          `console.log('ready'); require('fs').watch(process.env.JOBATO_RUN_DIR, () => process.exit(0))`,
        ),
      },
      { WORKER_CONCURRENCY: '4' },
    );
  });
  afterAll(() => jobato.stop());

  const ended = async (projectId: string) => jobato.untilEnded((await jobato.trigger(projectId)).runId);
  const logOf = async (runId: string) => (await jobato.fetch(`/api/runs/${runId}/logs`)).text();
  const stop = async (runId: string) => {
    const response = await jobato.fetch(`/api/runs/${runId}`, { method: 'DELETE' });
    expect(response.status).toBe(202);
  };
  /** Resolves with the first `count` lines of the log as soon as they exist. */
  async function firstLines(runId: string, count: number): Promise<string[]> {
    const lines: string[] = [];
    for await (const { event, data } of readSse(`${jobato.url}/api/runs/${runId}/logs`)) {
      if (event === 'log') lines.push((JSON.parse(data) as { text: string }).text);
      if (lines.length === count) break;
    }
    return lines;
  }
  const steps = (run: Run) => run.steps.map(({ name, status, exitCode }) => [name, status, exitCode]);

  it('with a non-zero exit code fails the run and reports the last line of output', async () => {
    const run = await ended('code');
    expect(run).toMatchObject({
      status: 'failed',
      statusReason: 'step-failed',
      error: { code: 'STEP_FAILED' },
    });
    expect(run.error!.message).toMatch(/42.*it broke/);
    expect(steps(run)).toEqual([
      ['work', 'failed', 42],
      ['after', 'skipped', null],
    ]);
    expect(await logOf(run.runId)).toBe('it broke\n');
  });

  it('by its own signal fails the run', async () => {
    const run = await ended('signal');
    expect(run).toMatchObject({ status: 'failed', statusReason: 'step-failed' });
    expect(run.error!.message).toMatch(/SIGKILL/);
    expect(steps(run)[0]).toEqual(['work', 'failed', null]);
  });

  it.each<[string, string, string]>([
    ['slow', 'STEP_TIMED_OUT', 'its own limit'],
    ['whole', 'TIMED_OUT', 'the limit of the run'],
  ])('%s: fails with %s after %s', async (projectId, code) => {
    const run = await ended(projectId);
    expect(run).toMatchObject({ status: 'failed', statusReason: 'timed-out', error: { code } });
    expect(steps(run).map(([, status]) => status)).toEqual(['failed', 'skipped']);
  });

  it("by the run's time limit counts the time of all steps", async () => {
    const run = await ended('second');
    expect(run).toMatchObject({ status: 'failed', statusReason: 'timed-out' });
    expect(steps(run).map(([, status]) => status)).toEqual(['completed', 'failed', 'skipped']);
  });

  it('kills remaining processes, even after success', async () => {
    const run = await ended('leaves');
    expect(run.status).toBe('completed');
    const log = await logOf(run.runId);
    expect(log).toMatch(/left processes behind/);
    expect(runs(Number.parseInt(log))).toBe(false);
  });

  it('by a stop lets the step clean up and cancels the run despite exit code 0', async () => {
    const { runId } = await jobato.trigger('polite');
    expect(await firstLines(runId, 1)).toEqual(['ready']);
    await stop(runId);
    const run = await jobato.untilEnded(runId);
    expect(run).toMatchObject({ status: 'cancelled', statusReason: 'cancelled-by-user', error: null });
    expect(steps(run)[0]![1]).toBe('cancelled');
    expect(await logOf(runId)).toMatch(/^ready\nSIGTERM sent .*\ntidying up\n$/);
  });

  it('by a stop kills the step after ten seconds if it ignores SIGTERM', async () => {
    const { runId } = await jobato.trigger('stubborn');
    const pid = Number((await firstLines(runId, 1))[0]);
    await stop(runId);
    const stopping = (await (await jobato.fetch(`/api/runs/${runId}`)).json()) as {
      waiting: { code: string };
    };
    expect(stopping).toMatchObject({ status: 'running', waiting: { code: 'stopping' } });
    await jobato.until(runId, ({ stopReports }) => stopReports !== null);
    const { waiting } = (await (await jobato.fetch(`/api/runs/${runId}`)).json()) as RunView;
    expect(waiting!.message).toMatch(
      new RegExp(
        `^SIGTERM was sent to step work \\d+ s ago\\. Still alive: node \\(pid ${pid}\\); it is killed in \\d+ s\\.$`,
      ),
    );
    const run = await jobato.untilEnded(runId);
    expect(run).toMatchObject({ status: 'cancelled', statusReason: 'cancelled-by-user', stopReports: null });
    const reports = (await eventsOf(jobato, runId)).flatMap(({ payload }) => payload.stopping ?? []);
    // A signal is reported again when the set of live processes changes.
    const sent = new Map(reports.map(({ signal, sentAt }) => [signal, Date.parse(sentAt!)]));
    expect([...sent.keys()]).toEqual(['SIGTERM', 'SIGKILL']);
    expect(reports[0]!.killAt).toBe(new Date(sent.get('SIGTERM')! + 10_000).toISOString());
    expect(sent.get('SIGKILL')! - sent.get('SIGTERM')!).toBeGreaterThan(9_900);
    expect(runs(pid)).toBe(false);
    expect(await logOf(runId)).toMatch(/SIGKILL sent/);
  });

  it('by a stop ends child processes, including those in their own session', async () => {
    const { runId } = await jobato.trigger('family');
    const pids = (await firstLines(runId, 4)).map(Number);
    expect(pids.every(runs)).toBe(true);
    await stop(runId);
    expect((await jobato.untilEnded(runId)).status).toBe('cancelled');
    expect(pids.filter(runs)).toEqual([]);
  });

  it('by a stop during start cancels the run', async () => {
    for (let i = 0; i < 15; i++) {
      const { runId } = await jobato.trigger('polite');
      // Stops later each time, after more turns of the event loop.
      for (let turn = 0; turn < i * 3; turn++) await new Promise((next) => setImmediate(next));
      await stop(runId);
      const run = await jobato.untilEnded(runId);
      expect(run).toMatchObject({ status: 'cancelled', statusReason: 'cancelled-by-user' });
    }
  });

  it("agrees with the run's status when it races with a stop", async () => {
    // The stop and the end race: with either outcome, the run and its step must agree.
    const outcomes = new Set<string>();
    for (let i = 0; i < 10; i++) {
      const { runId } = await jobato.trigger('real');
      await firstLines(runId, 1);
      writeFileSync(join(jobato.folders.dataDir, 'runs', runId, 'go'), '');
      for (let turn = 0; turn < i * 20; turn++) await new Promise((next) => setImmediate(next));
      const asked = await jobato.fetch(`/api/runs/${runId}`, { method: 'DELETE' });
      expect([202, 409]).toContain(asked.status);
      const run = await jobato.untilEnded(runId);
      expect(`${run.status} ${run.steps[0]!.status}`).toBe(
        run.status === 'completed' ? 'completed completed' : 'cancelled cancelled',
      );
      outcomes.add(run.status);
    }
    expect(outcomes.size).toBeGreaterThan(0);
  });
});

describe('concurrent projects', () => {
  const projects = (count: number) =>
    Object.fromEntries(
      Array.from({ length: count }, (_, index) => [
        `p${index}`,
        nodeStep(`p${index}`, `console.log('ready'); ${WAITS}`),
      ]),
    );

  it('run up to the number of slots, while others wait with a reason and then follow', async () => {
    const jobato = await RunningApp.start(projects(4), { WORKER_CONCURRENCY: '2' });
    const started = await Promise.all([0, 1, 2, 3].map((index) => jobato.trigger(`p${index}`)));
    const active = new Set<string>();
    const isActive = ({ claimedAt }: Run) => claimedAt !== null;
    const two = await new Promise<string[]>((resolve) => {
      for (const { runId } of started) {
        void jobato.until(runId, isActive).then(() => {
          active.add(runId);
          if (active.size === 2) resolve([...active]);
        });
      }
    });
    const waiting = started.filter(({ runId }) => !two.includes(runId));
    for (const { runId } of waiting) {
      let run: { waiting: { code: string; message: string } };
      do run = (await (await jobato.fetch(`/api/runs/${runId}`)).json()) as typeof run;
      while (run.waiting.code === 'not-yet-published');
      expect(run.waiting).toEqual({
        code: 'workers-busy',
        message: expect.stringContaining('WORKER_CONCURRENCY'),
      });
    }
    const metrics = await (await jobato.fetch('/api/metrics')).text();
    expect(metrics).toMatch(/^jobato_worker_slots 2$/m);
    expect(metrics).toMatch(/^jobato_worker_busy 2$/m);
    expect(active.size).toBe(2);

    // A queued run can be stopped at once; the other one starts when a slot is free.
    await jobato.fetch(`/api/runs/${waiting[0]!.runId}`, { method: 'DELETE' });
    expect((await jobato.untilEnded(waiting[0]!.runId)).status).toBe('cancelled');
    await jobato.fetch(`/api/runs/${two[0]!}`, { method: 'DELETE' });
    await jobato.until(waiting[1]!.runId, isActive);
    for (const runId of [two[1]!, waiting[1]!.runId]) {
      await jobato.fetch(`/api/runs/${runId}`, { method: 'DELETE' });
      expect((await jobato.untilEnded(runId)).status).toBe('cancelled');
    }
    await jobato.stop();
  });
});
