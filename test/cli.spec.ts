import { writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import type { RunView } from '../src/runs/run-view';
import { CliProcess, type CliResult, hasPseudoTerminals } from './support/cli-process';
import { nodeStep, RunningApp } from './support/jobato';

const TYPED = nodeStep(
  'typed',
  'console.log(process.env.JOBATO_PARAMS)',
  `params:
  count: { type: integer, min: 1, max: 9 }
  share: { type: number }
  dry: { type: boolean }
  name: { type: string }
`,
);
const TWO_STEPS = `id: two
name: Two steps
steps:
  - { name: first, command: [echo, one] }
  - { name: second, command: [echo, two] }
`;
const FAILING = `id: failing
steps:
  - { name: break, command: [sh, -c, 'echo going down; exit 3'] }
  - { name: after, command: [echo, never] }
`;
const PARTIAL = nodeStep('partial', `fs.writeSync(3, '{"partial":{"reason":"quota-reached"}}\\n')`);
const NIGHTLY = nodeStep(
  'nightly',
  '0',
  "schedule:\n  - { name: new-year, cron: '0 2 1 1 *', timeZone: Europe/Berlin }\n  - { name: off, cron: '@daily', enabled: false }\n",
);
const ENDLESS = nodeStep('endless', `console.log('at work'); setInterval(() => {}, 1000)`);

describe('command line', () => {
  let jobato: RunningApp;
  beforeAll(async () => {
    jobato = await RunningApp.start({
      typed: TYPED,
      two: TWO_STEPS,
      failing: FAILING,
      partial: PARTIAL,
      endless: ENDLESS,
      nightly: NIGHTLY,
    });
  });
  afterAll(() => jobato.stop());

  const start = (...args: string[]) => CliProcess.start('bin/jobato.mjs', args, { JOBATO_URL: jobato.url });
  const run = (...args: string[]): Promise<CliResult> => start(...args).ended;

  describe('trigger --follow', () => {
    it('shows steps and log, and exits 0 when the run completes', async () => {
      const { exitCode, stdout, stderr } = await run('trigger', 'two', '--follow');
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
      expect(stdout).toMatch(/^Two steps #1, run [0-9a-f-]{36}, http/);
      expect(stdout.split('\n')).toEqual(expect.arrayContaining(['one', 'two']));
      expect(stdout).toMatch(/✓ completed +step first/);
      expect(stdout).toMatch(/✓ completed +step second/);
      expect(stdout).toMatch(/^✓ completed after /m);
      expect(stdout).toMatch(/\/runs\/[0-9a-f-]{36}$/m);
      expect(stdout).not.toContain('\u001b');
    });

    it('exits 1 with the reason when a step fails', async () => {
      const { exitCode, stdout } = await run('trigger', 'failing', '--follow');
      expect(exitCode).toBe(1);
      expect(stdout).toContain('going down');
      expect(stdout).toMatch(/✗ failed +step break .*with exit code 3/);
      expect(stdout).toMatch(/– skipped +step after/);
      expect(stdout).toMatch(/^✗ failed \(step-failed\)/m);
    });

    it('exits 1 when the run is partial', async () => {
      const { exitCode, stdout } = await run('trigger', 'partial', '--follow');
      expect(exitCode).toBe(1);
      expect(stdout).toMatch(/^◐ partial \(quota-reached\)/m);
    });

    it('prints only the ended run as JSON to stdout with --json', async () => {
      const { exitCode, stdout, stderr } = await run('trigger', 'two', '--follow', '--json');
      expect(exitCode).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ projectId: 'two', status: 'completed' });
      expect(stderr).toContain('step second');
    });

    it('passes on the scope', async () => {
      const { stdout } = await run('trigger', 'two', '--scope', 'only:second', '--follow');
      expect(stdout).toContain('step second');
      expect(stdout).not.toContain('step first');
    });
  });

  describe('--param', () => {
    it('converts values to the types declared by the project', async () => {
      const given = ['count=7', 'share=0.5', 'dry=true', 'name=7'].flatMap((param) => ['--param', param]);
      const { exitCode, stdout } = await run('trigger', 'typed', ...given, '--follow');
      expect(exitCode).toBe(0);
      expect(stdout).toContain('{"count":7,"share":0.5,"dry":true,"name":"7"}');
    });

    it('reports each invalid value', async () => {
      const { exitCode, stdout, stderr } = await run(
        'trigger',
        'typed',
        '--param',
        'count=x',
        '--param',
        'more=1',
      );
      expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
      expect(stderr).toContain('params.count must be a whole number');
      expect(stderr).toContain('params.more is not a parameter of this project');
    });
  });

  it('lists and shows runs as text and as JSON', async () => {
    const { stdout: triggered } = await run('trigger', 'failing', '--json');
    const { runId, number } = JSON.parse(triggered) as RunView;
    await jobato.untilEnded(runId);

    const table = await run('list', '--project', 'failing', '--status', 'failed', '--limit', '1');
    expect(table.exitCode).toBe(0);
    expect(table.stdout).toMatch(
      new RegExp(`^failed\t${number}\t${runId}\tfailing\tfull\t20\\S+Z\t.*\t.*exited with code 3\\.\n$`),
    );
    const list = JSON.parse((await run('list', '--json', '--limit', '2')).stdout) as { items: RunView[] };
    expect(list.items[0]!.runId).toBe(runId);

    const shown = await run('show', runId);
    expect(shown.stdout).toMatch(/^Status +✗ failed \(step-failed\)$/m);
    expect(shown.stdout).toMatch(/^ +✗ failed +break .*exit code 3$/m);
    expect(JSON.parse((await run('show', runId, '--json')).stdout)).toMatchObject({
      runId,
      status: 'failed',
    });
    expect(await run('logs', runId)).toEqual({ exitCode: 0, stdout: 'going down\n', stderr: '' });
    const followed = await run('logs', runId, '--follow');
    expect(followed).toMatchObject({ exitCode: 1, stdout: 'going down\n' });
  });

  const onTerminal = hasPseudoTerminals() ? it : it.skip;

  onTerminal('fits a list of runs to the width of the terminal', async () => {
    const { runId, number } = await jobato.trigger('failing');
    await jobato.untilEnded(runId);
    const list = (environment: Record<string, string>) =>
      CliProcess.onTerminal('bin/jobato.mjs', ['list', '--project', 'failing', '--limit', '1'], 80, {
        JOBATO_URL: jobato.url,
        ...environment,
      }).ended;
    const { exitCode, stdout } = await list({ NO_COLOR: '1' });
    expect(exitCode).toBe(0);
    const [heading, row] = stdout.split('\r\n');
    expect(heading).toMatch(/^STATUS +RUN +SCOPE +STARTED +DURATION +REASON$/);
    expect(row).toMatch(
      new RegExp(`^✗ failed +failing/${number} +full +20\\S+ \\S+ +.*s +Step "break" .*…$`),
    );
    expect(row!.length).toBeGreaterThan(70);
    expect(row!.length).toBeLessThanOrEqual(80);
    const narrower = (await list({ NO_COLOR: '1', COLUMNS: '50' })).stdout.split('\r\n');
    for (const line of narrower.slice(0, 2)) expect(line.length).toBeLessThanOrEqual(50);
    expect((await list({})).stdout).toContain('\u001b[31m✗ failed\u001b[39m');
  });

  it('accepts the number of a run within its project, and a unique part of its id', async () => {
    const { runId, number } = await jobato.trigger('two');
    await jobato.untilEnded(runId);
    const references = [
      `two/${number}`,
      `two#${number}`,
      `two ${number}`,
      'two',
      `two/${runId}`,
      `two/${runId.slice(-8)}`,
      `${jobato.url}/runs/${runId}`,
      runId.slice(-12),
      runId.slice(-10).toUpperCase(),
    ];
    const shown = await Promise.all(references.map((reference) => run('show', reference, '--json')));
    for (const { stdout } of shown) expect((JSON.parse(stdout) as RunView).runId).toBe(runId);
    const reference = `two/${number}`;
    expect((await run('show', reference)).stdout).toMatch(new RegExp(`^Number +#${number}$`, 'm'));
    expect(await run('logs', reference)).toMatchObject({ exitCode: 0, stdout: 'one\ntwo\n' });
    expect(await run('logs', reference, '--follow')).toMatchObject({ exitCode: 0, stdout: 'one\ntwo\n' });
    for (const command of ['cancel', 'ask-again']) {
      const refused = await run(command, reference);
      expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringContaining('already ended')]);
    }
  });

  it('exits 1 for a number or a part of an id that names no run, or several', async () => {
    const [first, second] = [await jobato.trigger('two'), await jobato.trigger('typed')];
    await Promise.all([first, second].map(({ runId }) => jobato.untilEnded(runId)));
    const many = await run('show', '7000-8000');
    expect([many.exitCode, many.stdout]).toEqual([1, '']);
    expect(many.stderr).toMatch(/^The ids of several runs contain "7000-8000":$/m);
    expect(many.stderr).toContain(`${first.runId}  two/${first.number}`);
    expect(many.stderr).toContain(`${second.runId}  typed/${second.number}`);
    const elsewhere = await run('show', `typed/${first.runId.slice(-12)}`);
    expect([elsewhere.exitCode, elsewhere.stderr]).toEqual([
      1,
      expect.stringMatching(/^No run of project typed has an id that contains /),
    ]);
    const none = await run('show', 'ffffffff-ffff');
    expect([none.exitCode, none.stderr]).toEqual([1, expect.stringContaining('the newest 10,000 runs')]);
    const unknown = await run('show', 'two/999');
    expect([unknown.exitCode, unknown.stderr]).toEqual([
      1,
      expect.stringContaining('Run #999 does not exist'),
    ]);
    expect((await run('show', 'abc')).stderr).toContain('Run abc does not exist');
  });

  describe('rerun', () => {
    it('repeats a run, its scope and its params', async () => {
      const first = await jobato.trigger('typed', { params: { count: 3, name: 'a' } });
      await jobato.untilEnded(first.runId);
      const { exitCode, stdout } = await run('rerun', `typed/${first.number}`, '--json');
      expect(exitCode).toBe(0);
      const again = JSON.parse(stdout) as RunView;
      expect(again).toMatchObject({ rerunOf: first.runId, scope: 'full', params: { count: 3, name: 'a' } });
      await jobato.untilEnded(again.runId);
    });

    it('changes params by their types, and follows the run', async () => {
      const { exitCode, stdout } = await run('rerun', 'typed', '--param', 'count=8', '--follow');
      expect(exitCode).toBe(0);
      expect(stdout).toContain('"count":8');
      expect(stdout).toMatch(/^✓ completed after /m);
    });

    it.each([
      ['--from', 'second', 'from:second'],
      ['--only', 'first', 'only:first'],
    ])('starts with %s %s', async (option, step, scope) => {
      const first = await jobato.trigger('two');
      await jobato.untilEnded(first.runId);
      const again = await run('rerun', 'two', option, step, '--json', '--follow');
      expect(JSON.parse(again.stdout)).toMatchObject({ scope, rerunOf: first.runId, status: 'completed' });
    });

    it('refuses an unknown step, and two scopes', async () => {
      const unknown = await run('rerun', 'two', '--from', 'third');
      expect([unknown.exitCode, unknown.stdout]).toEqual([1, '']);
      expect(unknown.stderr).toContain('scope must be one of full, from:second');
      expect(await run('rerun', 'two', '--from', 'first', '--only', 'first')).toMatchObject({ exitCode: 2 });
    });
  });

  it('reports the active run, leaves it running on Ctrl-C, and cancels it on request', async () => {
    const following = start('trigger', 'endless', '--follow');
    await following.says('at work');
    const [runId] = /[0-9a-f-]{36}/.exec(following.stdout)!;

    const second = await run('trigger', 'endless');
    expect(second.exitCode).toBe(1);
    expect(second.stderr).toContain(`logs ${runId} --follow`);
    expect(second.stderr).toContain(`cancel ${runId}`);

    following.child.kill('SIGINT');
    const interrupted = await following.ended;
    expect(interrupted.exitCode).toBe(130);
    expect(interrupted.stdout).toContain('The run continues.');
    expect(interrupted.stdout).toContain(`cancel ${runId}`);

    const again = start('logs', runId, '--follow');
    await again.says('at work');
    expect(await run('cancel', runId)).toMatchObject({ exitCode: 0, stderr: '' });
    const ended = await again.ended;
    expect(ended).toMatchObject({ exitCode: 1, stdout: expect.stringMatching(/^at work\n/) });
    expect(ended.stderr).toContain('■ cancelled (cancelled-by-user)');

    const tooLate = await run('cancel', runId);
    expect(tooLate.exitCode).toBe(1);
    expect(tooLate.stderr).toContain('already ended');
  });

  it('lists schedules, as text and as JSON', async () => {
    const { exitCode, stdout } = await run('schedules');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^nightly\tnew-year\t0 2 1 1 \*\tEurope\/Berlin\t20\d\d-01-01T01:00:00\.000Z\t$/m);
    expect(stdout).toMatch(/^nightly\toff\t@daily\tUTC\tdisabled\t$/m);
    const json = await run('schedules', 'nightly', '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({
      items: [
        { schedule: 'new-year', enabled: true },
        { schedule: 'off', enabled: false },
      ],
      paused: null,
    });
    expect(await run('schedules', 'two')).toEqual({
      exitCode: 0,
      stdout: '',
      stderr: 'No schedules found.\n',
    });
  });

  it('pauses and resumes the schedules of a project, and of all', async () => {
    const end = ['--until', '2099-01-31T22:00:00Z'];
    const paused = await run('pause', 'nightly', '--reason', 'Upgrade', ...end);
    expect(paused.exitCode).toBe(0);
    expect(paused.stdout).toMatch(
      /^Schedules of nightly are paused since .* until 2099-\S+ \S+.*, by api: Upgrade\n +Manual runs still start\.\n$/,
    );
    expect((await run('schedules')).stdout).toMatch(/^nightly\tnew-year\t.*\tpaused \(20\d\d-/m);
    expect((await run('pause')).stdout).toMatch(/^All schedules are paused since /);
    expect((await run('resume', 'nightly')).stdout).toMatch(
      /^Schedules of nightly stay paused, because all /,
    );
    expect((await run('schedules')).stderr).toMatch(/^All schedules are paused since /);
    expect((await run('resume')).stdout).toBe('Schedules start runs again.\n');
    expect((await run('schedules', 'nightly', '--json')).stdout).toContain('"paused": null');
  });

  it('refuses a pause that ended already, that has no time, or of an unknown project', async () => {
    const past = await run('pause', 'nightly', '--until', '2020-01-01T00:00:00Z');
    expect(past).toMatchObject({ exitCode: 1, stdout: '' });
    expect(past.stderr).toContain('until must be in the future');
    const noTime = await run('pause', '--until', 'tomorrow');
    expect(noTime).toMatchObject({ exitCode: 2, stdout: '' });
    expect(noTime.stderr).toContain('--until must be a time');
    expect(await run('resume', 'nowhere')).toMatchObject({ exitCode: 1, stdout: '' });
  });

  it('exits 2 with the reason for invalid arguments', async () => {
    const wrong = [['trigger'], ['nonsense'], ['list', '--limit', '0'], ['trigger', 'two', '--param', 'x']];
    for (const { exitCode, stdout, stderr } of await Promise.all(wrong.map((args) => run(...args)))) {
      expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
      expect(stderr).toContain('error: ');
    }
    const badAddress = CliProcess.start('bin/jobato.mjs', ['list'], { JOBATO_URL: 'nowhere' });
    expect(await badAddress.ended).toMatchObject({ exitCode: 2 });
  });

  it('exits 1 with a message for an unknown run or project', async () => {
    const { exitCode, stderr } = await run('show', 'no-such-run');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('no-such-run');
    expect((await run('list', '--project', 'no-such-project')).stderr).toContain('no-such-project');
  });

  it('exits 3 and explains how to start the server if it is not running', async () => {
    const cli = CliProcess.start('bin/jobato.mjs', ['trigger', 'two', '--follow'], {
      JOBATO_URL: await deadAddress(),
    });
    const { exitCode, stderr } = await cli.ended;
    expect(exitCode).toBe(3);
    expect(stderr).toContain('connection refused');
    expect(stderr).toContain('npm start');
  });
});

describe('command line with a token', () => {
  let jobato: RunningApp;
  const token = 'a-token-that-is-long-enough';
  beforeAll(async () => {
    jobato = await RunningApp.start({ two: TWO_STEPS }, { JOBATO_ADMIN_TOKEN: token });
  });
  afterAll(() => jobato.stop());

  it('sends the given token and reports a missing one', async () => {
    const run = (environment: Record<string, string>) =>
      CliProcess.start('bin/jobato.mjs', ['trigger', 'two', '--follow'], {
        JOBATO_URL: jobato.url,
        ...environment,
      }).ended;
    expect(await run({ JOBATO_ADMIN_TOKEN: token })).toMatchObject({ exitCode: 0 });
    const refused = await run({});
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain('Set JOBATO_ADMIN_TOKEN');
  });
});

describe('command line with a bad connection', () => {
  let jobato: RunningApp;
  let line: BreakableLine;
  beforeAll(async () => {
    jobato = await RunningApp.start({
      gated: nodeStep(
        'gated',
        `for (let i = 1; i <= 500; i++) console.log('line ' + i);
         const gate = require('path').join(process.env.JOBATO_WORK_DIR, 'gate');
         const timer = setInterval(() => {
           if (!fs.existsSync(gate)) return;
           clearInterval(timer);
           for (let i = 501; i <= 1000; i++) console.log('line ' + i);
         }, 10);`,
      ),
    });
    line = await BreakableLine.to(jobato.url);
  });
  afterAll(async () => {
    line.close();
    await jobato.stop();
  });

  it('reconnects and prints each line once', async () => {
    const { runId } = await jobato.trigger('gated');
    const following = CliProcess.start('bin/jobato.mjs', ['logs', runId, '--follow'], {
      JOBATO_URL: line.url,
    });
    await following.says('line 500\n');
    line.cut();
    await following.says('Connection lost');
    await following.says('Reconnected');
    line.cut();
    writeFileSync(join(jobato.folders.dataDir, 'work', 'gated', 'gate'), '');
    const { exitCode, stdout } = await following.ended;
    expect(exitCode).toBe(0);
    expect(stdout).toBe(Array.from({ length: 1000 }, (_, index) => `line ${index + 1}\n`).join(''));
  });
});

/** A connection to the server that the test can cut; new connections work again. */
class BreakableLine {
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async to(target: string): Promise<BreakableLine> {
    const { port } = new URL(target);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const line = new BreakableLine(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    server.on('connection', (near) => {
      const far = connect(Number(port), '127.0.0.1');
      for (const socket of [near, far]) {
        line.sockets.add(socket);
        socket.on('error', () => {}).on('close', () => line.sockets.delete(socket));
      }
      near.pipe(far).pipe(near);
    });
    return line;
  }

  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  close(): void {
    this.cut();
    this.server.close();
  }
}

/** Returns an address without a listener: its port was free just now. */
async function deadAddress(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}
