import { invalid } from './support/expect-problem';
import { RunningApp } from './support/jobato';
import { anEvent, externalProject, HttpWorker, KEY } from './support/worker-api';

/** Displayed as "nexe.doc". */
const REORDERED = 'n\u202ecod.exe';

/** Pages show names from workers, which must not look like other names. */
describe('worker that hides characters in names', () => {
  let jobato: RunningApp;
  let worker: HttpWorker;
  let runId: string;
  beforeAll(async () => {
    jobato = await RunningApp.start({ held: externalProject('held') }, { JOBATO_API_KEY: KEY });
    ({ runId } = await jobato.trigger('held'));
    worker = new HttpWorker(jobato);
    await worker.claimed();
    await worker.heartbeat(runId);
  });
  afterAll(() => jobato.stop());

  it('cannot upload an artifact with such a name', async () => {
    await worker.upload(runId, REORDERED, 'x').expect(invalid('name'));
  });

  it('cannot use such a worker ID', async () => {
    const workerId = REORDERED;
    const headers = { 'x-jobato-worker-id': 'a\u00adb' };
    for (const request of [
      worker.post('runs/claim', { workerId }),
      worker.post(`runs/${runId}/heartbeat`, { workerId, attempt: 1 }),
      worker.post(`runs/${runId}/release`, { workerId, attempt: 1 }),
      worker.post(`runs/${runId}/logs`, { workerId, lines: [] }),
    ]) {
      await request.expect(invalid('workerId'));
    }
    await worker.upload(runId, 'a', 'x').set(headers).expect(invalid('X-Jobato-Worker-Id'));
    const { rejected } = await worker.say(
      anEvent(runId, 'run.started', { workerId, attempt: 1 }),
      anEvent(runId, 'run.heartbeat', { workerId, attempt: 1 }),
    );
    expect(rejected).toHaveLength(2);
    const workers = await (await jobato.fetch('/api/workers')).text();
    expect(workers).not.toMatch(/[\u202e\u00ad]/);
  });

  it('can send an event with such names, which are left out of the run', async () => {
    const { accepted } = await worker.say(
      anEvent(runId, 'run.progress', {
        step: REORDERED,
        stepStatus: 'running',
        current: 3,
        metrics: { [REORDERED]: 1, good: 2 },
        artifacts: [{ name: REORDERED }],
      }),
    );
    expect(accepted).toBe(1);
    const run = await (await jobato.fetch(`/api/runs/${runId}`)).text();
    expect(run).not.toContain('\u202e');
    expect(JSON.parse(run)).toMatchObject({
      progress: { step: null, current: 3 },
      summary: { good: 2 },
      steps: [],
      artifacts: [],
    });
  });
});
