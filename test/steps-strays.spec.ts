import { isAlive, nodeStep, RunningApp } from './support/jobato';

const TALKER = `setsid bash -c 'echo stray $$; while :; do echo alive; sleep 0.1; done' & sleep 0.3; echo done`;
const MAKES_WEB = `
  const fs = require('node:fs');
  fs.writeFileSync(process.env.JOBATO_RUN_DIR + '/web.md', 'x');
  fs.writeSync(3, JSON.stringify({ artifact: { path: 'web.md' }, metrics: { count: 1 } }) + '\\n');
  console.log('made for ' + process.env.WHO)`;

describe('leftovers of a step', () => {
  let jobato: RunningApp;
  beforeAll(async () => {
    jobato = await RunningApp.start(
      {
        talks: `id: talks\nsteps:\n  - name: work\n    command: [bash, -c, ${JSON.stringify(TALKER)}]\n`,
        web: nodeStep('web', MAKES_WEB).replace('    command', '    passEnv: [WHO]\n    command'),
      },
      { WHO: 'web.md' },
    );
  });
  afterAll(() => jobato.stop());

  it('include processes in their own session, which are killed when the step ends', async () => {
    const { runId } = await jobato.trigger('talks');
    const run = await jobato.untilEnded(runId);
    expect(run.status).toBe('completed');
    const log = await (await jobato.fetch(`/api/runs/${runId}/logs`)).text();
    const [, pid] = /stray (\d+)/.exec(log) ?? [];
    expect(Number(pid)).toBeGreaterThan(1);
    expect(isAlive(Number(pid))).toBe(false);
    expect(await (await jobato.fetch(`/api/runs/${runId}/logs`)).text()).toBe(log);
  });

  it('keep artifact names and metrics that contain a secret, while the log is masked', async () => {
    const { runId } = await jobato.trigger('web');
    const run = await jobato.untilEnded(runId);
    expect(run.artifacts).toEqual([{ name: 'web.md', size: 1 }]);
    expect(run.metrics).toEqual({ count: 1 });
    expect(await (await jobato.fetch(`/api/runs/${runId}/logs`)).text()).toBe('made for ***\n');
  });
});
