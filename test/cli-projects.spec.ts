import stringWidth from 'string-width';
import { CliProcess, type CliResult, hasPseudoTerminals } from './support/cli-process';
import { nodeStep, RunningApp } from './support/jobato';

const PROJECTS = {
  nightly: nodeStep(
    'nightly',
    '0',
    `name: "Nächtlich \\e[2J\\u202e日本語 🎉 ${'long '.repeat(12)}"
tags: [finance, slow]
schedule:
  - { name: new-year, cron: '0 2 1 1 *', timeZone: UTC }
  - { name: off, cron: '@daily', enabled: false }
`,
  ),
  broken: nodeStep('broken', 'process.exit(1)', 'tags: [finance]\n'),
  fresh: nodeStep('fresh', '0'),
  off: nodeStep('off', '0', 'enabled: false\n'),
  wrong: 'id: wrong\nsteps: 1\n',
};
const REMARK = /^Configuration files have 1 problem\. To list it: .*validate\n$/;

describe('jobato projects', () => {
  let jobato: RunningApp;
  let startedAt: string;
  beforeAll(async () => {
    jobato = await RunningApp.start(PROJECTS);
    for (const project of ['nightly', 'broken', 'broken']) {
      const run = await jobato.trigger(project);
      await jobato.untilEnded(run.runId);
      startedAt = run.startedAt;
    }
  });
  afterAll(() => jobato.stop());

  const run = (...args: string[]): Promise<CliResult> =>
    CliProcess.start('bin/jobato.mjs', ['projects', ...args], { JOBATO_URL: jobato.url }).ended;

  it('lists state, last run and next start, separated by tabs', async () => {
    const { exitCode, stdout, stderr } = await run();
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(REMARK);
    const rows = stdout.split('\n');
    expect(rows).toHaveLength(5);
    expect(rows).toContain(`broken\tbroken\tfailed\t2 ${startedAt}\t\tfinance`);
    expect(rows).toContain('fresh\tfresh\tnever-run\t\t\t');
    expect(rows).toContain('off\toff\tnever-run, disabled\t\t\t');
    expect(rows.find((row) => row.startsWith('nightly'))).toMatch(
      /^nightly\tNächtlich .*\tcompleted\t1 20\S+Z\t20\d\d-01-01T02:00:00\.000Z\tfinance, slow$/,
    );
  });

  it('filters by tag and by state, as text and as JSON', async () => {
    const ids = async (...args: string[]) =>
      (JSON.parse((await run(...args, '--json')).stdout) as { items: { projectId: string }[] }).items.map(
        ({ projectId }) => projectId,
      );
    expect((await ids('--tag', 'finance')).sort()).toEqual(['broken', 'nightly']);
    expect(await ids('--tag', 'finance', '--state', 'failed')).toEqual(['broken']);
    expect((await ids('--state', 'never-run')).sort()).toEqual(['fresh', 'off']);
    expect(await run('--tag', 'none')).toMatchObject({
      exitCode: 0,
      stdout: '',
      stderr: expect.stringMatching(/^No projects found\.$/m),
    });
    expect(await run('--state', 'lost')).toMatchObject({ exitCode: 2 });
    const { items } = JSON.parse((await run('--tag', 'slow', '--json')).stdout) as { items: object[] };
    expect(items[0]).toMatchObject({
      latestRun: { number: 1 },
      nextDueAt: expect.stringMatching(/-01-01T02:00:00\.000Z$/),
      paused: null,
    });
  });

  it('marks the next start of a paused project', async () => {
    const pause = (method: string) =>
      jobato.fetch('/api/projects/nightly/pause', {
        method,
        headers: { 'Content-Type': 'application/json' },
        body: method === 'PUT' ? '{}' : undefined,
      });
    await pause('PUT');
    expect((await run('--tag', 'slow')).stdout).toMatch(/\tpaused \(20\d\d-01-01T02:00:00\.000Z\)\t/);
    await pause('DELETE');
  });

  const onTerminal = hasPseudoTerminals() ? it : it.skip;

  onTerminal.each([120, 60, 40])('fits %i columns, without control characters of a name', async (columns) => {
    const { stdout } = await CliProcess.onTerminal('bin/jobato.mjs', ['projects'], columns, {
      JOBATO_URL: jobato.url,
      NO_COLOR: '1',
    }).ended;
    const lines = stdout.trimEnd().split('\r\n');
    expect(lines[0]).toMatch(/^PROJECT +NAME/);
    expect(lines.slice(1, 5).map((line) => line.split(' ', 1)[0])).toEqual([
      'broken',
      'fresh',
      'nightly',
      'off',
    ]);
    for (const line of lines.slice(0, 5)) expect(stringWidth(line)).toBeLessThanOrEqual(columns);
    expect(stdout.replaceAll('\r\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
  });
});
