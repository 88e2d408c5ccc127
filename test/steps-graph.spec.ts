import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Run } from '../src/runs/run';
import { isAlive, makeFolders, RunningApp } from './support/jobato';
import { readSse } from './support/sse';

/** Waits until a file exists in the work folder, which all steps of a run share. */
const until = (file: string) => `until [ -e "$JOBATO_WORK_DIR/${file}" ]; do sleep 0.02; done`;
const touch = (file: string) => `touch "$JOBATO_WORK_DIR/${file}"`;
const step = (name: string, script: string, more = '') =>
  `  - name: ${name}\n    run: |\n${script.replace(/^/gm, '      ')}\n${more.replace(/^(?=.)/gm, '    ')}`;
const project = (id: string, steps: string[], more = '') => `id: ${id}\n${more}steps:\n${steps.join('\n')}\n`;

const REPORTS = (report: object) => `echo '${JSON.stringify(report)}' >&3`;

const PROJECTS: Record<string, string> = {
  // Each of the two waits for the other one to run.
  beside: project('beside', [
    step('start', 'true'),
    step('left', `${touch('left')}\n${until('right')}`, 'needs: [start]'),
    step('right', `${touch('right')}\n${until('left')}`, 'needs: [start]'),
    step('end', 'ls "$JOBATO_WORK_DIR"', 'needs: [left, right]'),
  ]),
  narrow: project(
    'narrow',
    [1, 2, 3, 4, 5].map((number) =>
      step(
        `s${number}`,
        `mkdir "$JOBATO_WORK_DIR/slot" || exit 9\nsleep 0.05\nrmdir "$JOBATO_WORK_DIR/slot"`,
        number === 5 ? 'needs: [s1]' : 'needs: []',
      ),
    ),
    'parallel: 1\n',
  ),
  broken: project('broken', [
    step('slow', `${until('go')}\necho slow is done`, 'needs: []'),
    step('fails', 'echo it broke >&2\nexit 3', 'needs: []'),
    step('never', 'true', 'needs: [slow]'),
    step('tell', 'echo telling', 'when: failure'),
    step('tell-fails', 'echo only this one', 'when: failure\nneeds: [fails]'),
    step('tell-slow', 'echo not reached', 'when: failure\nneeds: [slow]'),
    step('tidy', 'echo tidying', 'when: always'),
  ]),
  lenient: project('lenient', [
    step('optional', 'exit 3', 'continueOnError: true'),
    step('after', 'echo after'),
    step('tell', 'echo not reached', 'when: failure'),
  ]),
  flaky: project('flaky', [
    step(
      'fetch',
      'echo "attempt $JOBATO_STEP_ATTEMPT"\n[ "$JOBATO_STEP_ATTEMPT" = 3 ] || exit 4',
      'retry: { maxAttempts: 3, delaySeconds: 0.05, backoff: 2 }',
    ),
    step('after', 'echo after'),
  ]),
  hopeless: project('hopeless', [
    step('fetch', 'exit 4', 'retry: { maxAttempts: 2, delaySeconds: 0 }'),
    step('after', 'echo after'),
  ]),
  'slow-tries': project('slow-tries', [
    step(
      'fetch',
      '[ "$JOBATO_STEP_ATTEMPT" = 2 ] && exit 0\nsleep 60',
      'timeoutSeconds: 0.3\nretry: { maxAttempts: 2, delaySeconds: 0 }',
    ),
  ]),
  // With one slot, the second step can only end if the waiting attempt of the first one has no slot.
  'frees-slot': project(
    'frees-slot',
    [
      step(
        'first',
        `[ "$JOBATO_STEP_ATTEMPT" = 1 ] && exit 4\n[ -e "$JOBATO_WORK_DIR/second" ]`,
        'needs: []\nretry: { maxAttempts: 2, delaySeconds: 0.5 }',
      ),
      step('second', touch('second'), 'needs: []'),
    ],
    'parallel: 1\n',
  ),
  outputs: project(
    'outputs',
    [
      step(
        'load',
        `${REPORTS({ output: { rowCount: 12, file: 'a b.csv', isNew: true } })}\n${REPORTS({ output: { rowCount: 13 } })}`,
      ),
      step('other', REPORTS({ output: { secret: 'x' } }), 'needs: []'),
      `  - name: show\n    needs: [load]\n    command: [node, -p, JSON.stringify(process.argv.slice(1)), --, "--rows=\${outputs.load.rowCount}", "\${outputs.load.file}", "\${params.day}", "\${params.maxPages}|\${params.none}"]`,
      step(
        'vars',
        'echo "$JOBATO_OUTPUT_LOAD_ROW_COUNT $JOBATO_OUTPUT_LOAD_IS_NEW $JOBATO_PARAM_DAY [$JOBATO_OUTPUT_OTHER_SECRET]"',
        'needs: [show]',
      ),
    ],
    'params:\n  day: { type: string, default: "$(id) ${params.none}" }\n  maxPages: { type: integer, default: 3 }\n  none: { type: string }\n',
  ),
  'any-program': project(
    'any-program',
    ['  - name: work\n    command: ["${params.tool}", hello]'],
    'params: { tool: { type: string, default: echo } }\n',
  ),
  forgets: project('forgets', [
    step('load', 'true'),
    `  - name: show\n    command: [echo, "\${outputs.load.rows}"]`,
  ]),
  huge: project('huge', [
    step(
      'load',
      `node -e 'require("fs").writeSync(3, JSON.stringify({ output: { text: "x".repeat(70000) } }) + "\\n")'`,
    ),
    step('after', 'echo "[$JOBATO_OUTPUT_LOAD_TEXT]"'),
  ]),
  // The second run reports nothing.
  sometimes: project('sometimes', [
    step(
      'constructor',
      `[ -e "$JOBATO_WORK_DIR/before" ] || ${REPORTS({ output: { v: 'old' } })}\n${touch('before')}`,
    ),
    step('show', 'echo "[$JOBATO_OUTPUT_CONSTRUCTOR_V]"'),
  ]),
  wide: project('wide', [
    step(
      'a',
      `node -e 'require("fs").writeSync(3, JSON.stringify({ output: { text: "x".repeat(40000) } }) + "\\n")'`,
    ),
    step(
      'b',
      `node -e 'require("fs").writeSync(3, JSON.stringify({ output: { text: "x".repeat(40000) } }) + "\\n")'`,
    ),
    step('c', REPORTS({ output: { n: 1 } })),
  ]),
  nul: project('nul', [step('load', `echo '{"output":{"v":"a\\u0000b"}}' >&3`), step('after', 'echo after')]),
  'late-file': project('late-file', [
    step(
      'make',
      `[ "$JOBATO_STEP_ATTEMPT" = 1 ] || echo made > "$JOBATO_RUN_DIR/r.txt"\n${REPORTS({ artifact: { path: 'r.txt' } })}\n[ "$JOBATO_STEP_ATTEMPT" = 2 ]`,
      'retry: { maxAttempts: 2, delaySeconds: 0 }',
    ),
  ]),
  patient: project(
    'patient',
    [step('work', 'echo ready\nsleep 300'), step('tidy', `echo tidying\n${until('go')}`, 'when: always')],
    'stopGraceSeconds: 2592000\n',
  ),
  stopped: project(
    'stopped',
    [
      step('left', 'echo ready $$\nsleep 300', 'needs: []'),
      step('right', 'echo ready $$\nsleep 300', 'needs: []'),
      step('again', 'exit 3', 'needs: []\nretry: { maxAttempts: 9, delaySeconds: 300 }'),
      step('never', 'true', 'needs: [left]'),
      step('tell', 'echo not reached', 'when: failure'),
      step('tidy', `echo tidying\n${touch('tidied')}`, 'when: always'),
    ],
    'stopGraceSeconds: 20\n',
  ),
  'stubborn-tidy': project(
    'stubborn-tidy',
    [step('work', 'echo ready\nsleep 300'), step('tidy', 'echo tidying $$\nsleep 300', 'when: always')],
    'stopGraceSeconds: 0.3\n',
  ),
  late: project(
    'late',
    [step('work', 'sleep 300'), step('tidy', 'echo tidying', 'when: always')],
    'timeoutSeconds: 0.4\n',
  ),
  siblings: project('siblings', [
    // Leaves its group, so only its environment shows that it belongs to the step.
    step('limited', 'setsid sleep 300 &\necho stray $!\nwait', 'needs: []\ntimeoutSeconds: 0.5'),
    step('sibling', `setsid sh -c '${until('go')}; echo sibling lives' &\nwait`, 'needs: []'),
  ]),
  partly: project('partly', [
    step('left', REPORTS({ partial: { reason: 'half-done' } }), 'needs: []'),
    step('right', 'true', 'needs: []'),
  ]),
};

describe('steps as a graph', () => {
  let jobato: RunningApp;
  beforeAll(async () => {
    jobato = await RunningApp.start(PROJECTS, { WORKER_CONCURRENCY: '16' });
  });
  afterAll(() => jobato.stop());

  const logOf = async (runId: string) => (await jobato.fetch(`/api/runs/${runId}/logs`)).text();
  const workFile = (projectId: string, file: string) => join(jobato.folders.dataDir, 'work', projectId, file);
  const statuses = ({ steps }: Pick<Run, 'steps'>) =>
    Object.fromEntries(steps.map(({ name, status }) => [name, status]));
  const stepOf = ({ steps }: Run, name: string) => steps.find((each) => each.name === name)!;

  async function run(projectId: string, body: object = {}) {
    const { runId } = await jobato.trigger(projectId, body);
    return jobato.untilEnded(runId);
  }

  /** Resolves with the lines that have this text, as soon as there are enough of them. */
  async function logged(runId: string, text: string, times = 1): Promise<string> {
    const found: string[] = [];
    for await (const { event, data } of readSse(`${jobato.url}/api/runs/${runId}/logs`)) {
      if (event === 'log' && data.includes(text)) found.push((JSON.parse(data) as { text: string }).text);
      if (found.length === times) return found.join('\n');
    }
    throw new Error(`The log has ${found.length} of ${times} lines with "${text}".`);
  }

  it('run side by side as soon as all that they need has ended', async () => {
    const ended = await run('beside');
    expect(ended.status).toBe('completed');
    expect(await logOf(ended.runId)).toBe('left\nright\n');
    const [start, left, right, end] = ended.steps;
    expect(left!.startedAt! >= start!.endedAt! && right!.startedAt! >= start!.endedAt!).toBe(true);
    expect(end!.startedAt! >= left!.endedAt! && end!.startedAt! >= right!.endedAt!).toBe(true);
  });

  it('never run more at once than parallel allows', async () =>
    expect(statuses(await run('narrow'))).toEqual({
      s1: 'completed',
      s2: 'completed',
      s3: 'completed',
      s4: 'completed',
      s5: 'completed',
    }));

  it('finish after a failure of another one, then those for failures and for every end run', async () => {
    const { runId } = await jobato.trigger('broken');
    const failing = await jobato.until(runId, ({ steps }) => steps[1]!.status === 'failed');
    expect(failing.status).toBe('running');
    await jobato.until(runId, ({ steps }) => steps[2]!.status === 'skipped');
    await jobato.until(runId, ({ steps }) => steps[4]!.status === 'completed');
    writeFileSync(workFile('broken', 'go'), '');
    const ended = await jobato.untilEnded(runId);
    expect(ended).toMatchObject({ status: 'failed', statusReason: 'step-failed' });
    expect(ended.error).toMatchObject({
      code: 'STEP_FAILED',
      message: 'Step "fails" exited with code 3. Last error line: it broke',
    });
    expect(statuses(ended)).toEqual({
      slow: 'completed',
      fails: 'failed',
      never: 'skipped',
      tell: 'completed',
      'tell-fails': 'completed',
      'tell-slow': 'skipped',
      tidy: 'completed',
    });
    expect(await logOf(runId)).toContain('slow is done');
  });

  it('go on after a failure with continueOnError, and the run is partial', async () => {
    const ended = await run('lenient');
    expect(ended).toMatchObject({ status: 'partial', statusReason: 'step-failed', error: null });
    expect(statuses(ended)).toEqual({ optional: 'failed', after: 'completed', tell: 'skipped' });
  });

  it('run alone with the scope only:, without regard to their condition', async () => {
    const ended = await run('broken', { scope: 'only:tell' });
    expect(ended.status).toBe('completed');
    expect(statuses(ended)).toEqual({ tell: 'completed' });
  });

  describe('with several attempts', () => {
    it('are repeated until one succeeds, and each attempt is recorded', async () => {
      const ended = await run('flaky');
      expect(ended.status).toBe('completed');
      const { startedAt, endedAt, exitCode, attempts } = stepOf(ended, 'fetch');
      expect(attempts).toMatchObject([
        { number: 1, status: 'failed', exitCode: 4, retryAt: expect.any(String) },
        { number: 2, status: 'failed', exitCode: 4, retryAt: expect.any(String) },
        { number: 3, status: 'completed', exitCode: 0 },
      ]);
      expect(exitCode).toBe(0);
      expect([attempts![0]!.startedAt, attempts![2]!.endedAt]).toEqual([startedAt, endedAt]);
      for (const index of [0, 1])
        expect(attempts![index + 1]!.startedAt >= attempts![index]!.endedAt!).toBe(true);
      expect(await logOf(ended.runId)).toBe(
        'attempt 1\n' +
          'Step "fetch" exited with code 4 (attempt 1 of 3). The next attempt starts in 0.05 s.\n' +
          'Attempt 2 of 3.\nattempt 2\n' +
          'Step "fetch" exited with code 4 (attempt 2 of 3). The next attempt starts in 0.1 s.\n' +
          'Attempt 3 of 3.\nattempt 3\nafter\n',
      );
    });

    it('have a link each to their lines on the page of the run', async () => {
      const { runId } = await run('flaky');
      const page = await (await jobato.fetch(`/runs/${runId}`)).text();
      expect(page).toContain('href="?step&#x3D;fetch&amp;stepAttempt&#x3D;2#run-log"');
      const answer = await jobato.fetch(`/runs/${runId}?step=fetch&stepAttempt=2`, { redirect: 'manual' });
      // The line "Attempt 2 of 3."
      expect([answer.status, answer.headers.get('location')]).toEqual([303, `/runs/${runId}?from=1#L3`]);
    });

    it('fail after the last one', async () => {
      const ended = await run('hopeless');
      expect(ended).toMatchObject({ status: 'failed', statusReason: 'step-failed' });
      expect(ended.error!.message).toBe('Step "fetch" exited with code 4 (attempt 2 of 2).');
      expect(statuses(ended)).toEqual({ fetch: 'failed', after: 'skipped' });
    });

    it('are repeated after a time-out too', async () => {
      const ended = await run('slow-tries');
      expect(ended.status).toBe('completed');
      expect(stepOf(ended, 'fetch').attempts).toMatchObject([{ status: 'failed' }, { status: 'completed' }]);
    });

    it('hold no slot between them', async () =>
      expect(statuses(await run('frees-slot'))).toEqual({ first: 'completed', second: 'completed' }));

    it('are complete if the last attempt has the artifact that an earlier one missed', async () =>
      expect(await run('late-file')).toMatchObject({
        status: 'completed',
        artifacts: [{ name: 'r.txt', size: 5 }],
      }));

    it('are in the API with their times', async () => {
      const { runId } = await run('hopeless');
      const view = (await (await jobato.fetch(`/api/runs/${runId}`)).json()) as {
        steps: { attempts: object[] }[];
      };
      expect(view.steps[0]!.attempts).toMatchObject([
        {
          number: 1,
          status: 'failed',
          exitCode: 4,
          retryAt: expect.any(String),
          endedAt: expect.any(String),
        },
        { number: 2, status: 'failed', exitCode: 4, retryAt: null },
      ]);
      expect(view.steps[1]!.attempts).toEqual([]);
    });
  });

  describe('with outputs', () => {
    it('hand them to the steps that need them, as variables and arguments', async () => {
      const ended = await run('outputs');
      const log = await logOf(ended.runId);
      expect(ended.status).toBe('completed');
      expect(log).toContain('["--rows=13","a b.csv","$(id) ${params.none}","3|"]');
      expect(log).toContain('13 true $(id) ${params.none} []');
      expect(ended.outputs).toEqual({
        load: { rowCount: 13, file: 'a b.csv', isNew: true },
        other: { secret: 'x' },
      });
    });

    it('can name the program by a param, which the trigger does not look for', async () => {
      const ended = await run('any-program');
      expect([ended.status, await logOf(ended.runId)]).toEqual(['completed', 'hello\n']);
    });

    it('get those of steps outside the scope from the run that they repeat', async () => {
      const first = await run('outputs');
      const response = await jobato.fetch(`/api/runs/${first.runId}/rerun`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ scope: 'only:show', params: { day: 'Monday' } }),
      });
      const again = await jobato.untilEnded(((await response.json()) as { runId: string }).runId);
      expect(await logOf(again.runId)).toBe('["--rows=13","a b.csv","Monday","3|"]\n');
      // From a run that itself received them.
      const third = await run('outputs', { scope: 'from:vars' });
      expect(await logOf(third.runId)).toContain('13 true');
    });

    it('refuse a scope that needs an output which no run has', async () => {
      await run('forgets');
      const response = await jobato.fetch('/api/projects/forgets/runs', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ scope: 'only:show' }),
      });
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({
        errorCode: 'VALIDATION',
        errors: [
          {
            field: 'scope',
            message:
              'cannot be only:show: step "show" needs ${outputs.load.rows}, and no earlier run has it. ' +
              'Start with a scope that contains step "load"',
          },
        ],
      });
    });

    it('fail if one is missing', async () => {
      const ended = await run('forgets');
      expect(ended.error).toMatchObject({
        code: 'STEP_NOT_STARTED',
        message: 'Step "show" needs ${outputs.load.rows}, but step "load" reported no output "rows".',
      });
    });

    it('do not get those of an older run if the newest completed run of the step has none', async () => {
      await run('sometimes');
      expect(await logOf((await run('sometimes', { scope: 'only:show' })).runId)).toBe('[old]\n');
      await run('sometimes');
      expect(await logOf((await run('sometimes', { scope: 'only:show' })).runId)).toBe('[]\n');
    });

    it('refuse a scope whose steps need more than 64 KiB of earlier ones', async () => {
      expect((await run('wide', { scope: 'only:a' })).status).toBe('completed');
      // Those of an earlier run do not use up the room of this one.
      expect((await run('wide', { scope: 'only:b' })).status).toBe('completed');
      const response = await jobato.fetch('/api/projects/wide/runs', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ scope: 'only:c' }),
      });
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({
        errors: [
          { message: 'cannot be only:c: the outputs of the steps before it take more than 64 KiB in all' },
        ],
      });
    });

    it('ignore one that no variable can hold', async () => {
      const ended = await run('nul');
      expect(ended).toMatchObject({ status: 'completed', outputs: null });
      expect(await logOf(ended.runId)).toContain('Ignored a report on file descriptor 3');
    });

    it('lose them beyond 64 KiB, and the run is partial', async () => {
      const ended = await run('huge');
      expect(ended).toMatchObject({ status: 'partial', statusReason: 'output-missing', outputs: null });
      expect(await logOf(ended.runId)).toContain('The outputs of this step are missing');
    });
  });

  describe('that are stopped', () => {
    const stop = (runId: string) => jobato.fetch(`/api/runs/${runId}`, { method: 'DELETE' });

    it('all end, with no process left, and steps for every end run', async () => {
      const { runId } = await jobato.trigger('stopped');
      const log = await logged(runId, 'ready', 2);
      await jobato.until(runId, ({ steps }) => steps[2]!.attempts?.[0]?.status === 'failed');
      await stop(runId);
      const ended = await jobato.untilEnded(runId);
      expect(ended).toMatchObject({ status: 'cancelled', statusReason: 'cancelled-by-user' });
      expect(statuses(ended)).toEqual({
        left: 'cancelled',
        right: 'cancelled',
        again: 'cancelled',
        never: 'skipped',
        tell: 'skipped',
        tidy: 'completed',
      });
      expect(existsSync(workFile('stopped', 'tidied'))).toBe(true);
      const pids = [...log.matchAll(/ready (\d+)/g)].map(([, pid]) => Number(pid));
      expect(pids.map(isAlive)).toEqual([false, false]);
    });

    it('give steps for every end the grace period, and kill them after it', async () => {
      const { runId } = await jobato.trigger('stubborn-tidy');
      await logged(runId, 'ready');
      await stop(runId);
      const log = await logged(runId, 'tidying');
      const ended = await jobato.untilEnded(runId);
      expect(ended).toMatchObject({ status: 'cancelled', statusReason: 'cancelled-by-user' });
      expect(statuses(ended)).toEqual({ work: 'cancelled', tidy: 'cancelled' });
      expect(isAlive(Number(/tidying (\d+)/.exec(log)![1]))).toBe(false);
    });

    it('have a grace period of a month if the file says so', async () => {
      const { runId } = await jobato.trigger('patient');
      await logged(runId, 'ready');
      await stop(runId);
      await logged(runId, 'tidying');
      writeFileSync(workFile('patient', 'go'), '');
      expect(statuses(await jobato.untilEnded(runId))).toEqual({ work: 'cancelled', tidy: 'completed' });
    });

    it('because the run took too long run those for every end too', async () => {
      const ended = await run('late');
      expect(ended).toMatchObject({ status: 'failed', statusReason: 'timed-out' });
      expect(statuses(ended)).toEqual({ work: 'failed', tidy: 'completed' });
    });
  });

  it('whose time is over take their strays with them, and spare those of a sibling', async () => {
    const { runId } = await jobato.trigger('siblings');
    const log = await logged(runId, 'stray');
    await jobato.until(runId, ({ steps }) => steps[0]!.status === 'failed');
    expect(isAlive(Number(/stray (\d+)/.exec(log)![1]))).toBe(false);
    writeFileSync(workFile('siblings', 'go'), '');
    const ended = await jobato.untilEnded(runId);
    expect(await logOf(runId)).toContain('sibling lives');
    expect(statuses(ended)).toEqual({ limited: 'failed', sibling: 'completed' });
  });

  it('can make the run partial from any branch', async () =>
    expect(await run('partly')).toMatchObject({ status: 'partial', statusReason: 'half-done' }));

  it('leave nothing behind in the folder of processes', () =>
    expect(readdirSync(join(jobato.folders.dataDir, 'processes'))).toEqual([]));

  it('are described by the API', async () => {
    const project = await (await jobato.fetch('/api/projects/broken')).json();
    expect(project).toMatchObject({ parallel: 4 });
    expect((project as { steps: object[] }).steps[4]).toEqual({
      name: 'tell-fails',
      timeoutSeconds: null,
      needs: ['fails'],
      when: 'failure',
      continueOnError: false,
      maxAttempts: 1,
    });
    expect(readFileSync(join(jobato.folders.configDir, 'projects', 'broken.yaml'), 'utf8')).toContain(
      'needs',
    );
  });
});

it('a shutdown ends steps for every end too, and the run keeps the outcome of its stop', async () => {
  const folders = makeFolders({
    slow: project(
      'slow',
      [step('work', 'echo ready\nsleep 300'), step('tidy', 'echo tidying\nsleep 300', 'when: always')],
      'stopGraceSeconds: 600\n',
    ),
  });
  let jobato = await RunningApp.start(folders);
  const { runId } = await jobato.trigger('slow');
  const logged = async (text: string) => {
    for await (const { data } of readSse(`${jobato.url}/api/runs/${runId}/logs`))
      if (data.includes(text)) return;
  };
  await logged('ready');
  await jobato.fetch(`/api/runs/${runId}`, { method: 'DELETE' });
  await logged('tidying');
  await jobato.stop();
  jobato = await RunningApp.start(folders);
  const { status, statusReason, steps } = await jobato.untilEnded(runId);
  expect([status, statusReason, ...steps.map((each) => each.status)]).toEqual([
    'cancelled',
    'cancelled-by-user',
    'cancelled',
    'cancelled',
  ]);
  await jobato.stop();
  rmSync(folders.root, { recursive: true, force: true });
});
