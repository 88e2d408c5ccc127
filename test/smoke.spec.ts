import { nodeStep, RunningApp } from './support/jobato';

describe('one run from trigger to end', () => {
  let jobato: RunningApp;
  beforeAll(async () => {
    jobato = await RunningApp.start({ hello: nodeStep('hello', "console.log('hello')") });
  });
  afterAll(() => jobato.stop());

  it('executes the step and stores its output', async () => {
    const { runId } = await jobato.trigger('hello');
    const run = await jobato.untilEnded(runId);
    expect(run.status).toBe('completed');
    expect(await (await jobato.fetch(`/api/runs/${runId}/logs`)).text()).toBe('hello\n');
  });
});
