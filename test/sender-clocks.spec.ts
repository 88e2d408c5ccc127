import { randomUUID } from 'node:crypto';
import type { LogLine } from '../src/logs/log-line';
import type { RunEventMap } from '../src/events/run-event';
import type { RunView } from '../src/runs/run-view';
import { RunningApp } from './support/jobato';
import { externalProject, HttpWorker, KEY } from './support/worker-api';

const PROJECTS = ['behind', 'ahead', 'right', 'whole-seconds'];

describe('worker whose clock', () => {
  let jobato: RunningApp;
  beforeAll(async () => {
    const projects = PROJECTS.map((id): [string, string] => [id, externalProject(id)]);
    jobato = await RunningApp.start(Object.fromEntries(projects), { WORKER: 'off', JOBATO_API_KEY: KEY });
  });
  afterAll(() => jobato.stop());

  /** Executes a run as fast as possible, and sends each event when it happens. */
  async function carryOut(projectId: string, nameTime: (nowMs: number) => string): Promise<RunView> {
    const worker = new HttpWorker(jobato, 'elsewhere');
    const { runId } = await jobato.trigger(projectId);
    const say = async <Type extends keyof RunEventMap>(eventType: Type, payload: RunEventMap[Type]) => {
      const occurredAt = nameTime(Date.now());
      const event = { eventId: randomUUID(), eventType, eventVersion: 1, occurredAt, runId, payload };
      const answer = await worker.post('events', event);
      expect(answer.body).toMatchObject({ accepted: 1 });
    };
    await say('run.started', { workerId: 'elsewhere', attempt: 1 });
    for (const step of ['fetch', 'parse']) {
      await say('run.progress', { step, stepStatus: 'running' });
      await say('run.log', { lines: [{ at: nameTime(Date.now()), step, text: step }] });
      await say('run.progress', { step, stepStatus: 'completed', exitCode: 0 });
    }
    await say('run.completed', {});
    return (await (await jobato.fetch(`/api/runs/${runId}`)).json()) as RunView;
  }

  const shifted = (ms: number) => (nowMs: number) => new Date(nowMs + ms).toISOString();

  it.each<[string, string, (nowMs: number) => string, number | null]>([
    ['is 40 s behind', 'behind', shifted(-40_000), -40_000],
    ['is 40 s ahead', 'ahead', shifted(40_000), 40_000],
    ['is right', 'right', shifted(0), null],
    ['tells whole seconds', 'whole-seconds', (nowMs) => `${shifted(0)(nowMs).slice(0, 19)}Z`, null],
  ])(
    '%s produces a run with ordered times and a positive duration',
    async (_what, projectId, nameTime, skewMs) => {
      const beforeMs = Date.now();
      const run = await carryOut(projectId, nameTime);
      const afterMs = Date.now();
      const times = [
        run.startedAt,
        ...run.steps.flatMap(({ startedAt, endedAt }) => [startedAt!, endedAt!]),
        run.endedAt!,
      ];
      expect(times).toEqual([...times].sort());
      expect(Date.parse(run.startedAt)).toBeGreaterThanOrEqual(beforeMs);
      expect(Date.parse(run.endedAt!)).toBeLessThanOrEqual(afterMs);
      expect(run.durationMs).toBeGreaterThan(0);

      if (skewMs === null) expect(run.clockSkewMs).toBeNull();
      else expect(Math.abs(run.clockSkewMs! - skewMs)).toBeLessThan(5000);

      const logs = await jobato.fetch(`/api/runs/${run.runId}/logs`, {
        headers: { accept: 'application/json' },
      });
      const { items } = (await logs.json()) as { items: LogLine[] };
      expect(items.map(({ text }) => text)).toEqual(['fetch', 'parse']);
      for (const { at } of items) {
        expect(Date.parse(at)).toBeGreaterThanOrEqual(beforeMs);
        expect(Date.parse(at)).toBeLessThanOrEqual(afterMs);
      }

      const page = await (await jobato.fetch(`/runs/${run.runId}`)).text();
      const side = skewMs !== null && skewMs > 0 ? 'ahead of' : 'behind';
      const note = new RegExp(`The clock of worker elsewhere is \\d+ s ${side} the clock of this server`);
      if (skewMs === null) expect(page).not.toContain('The clock of worker');
      else expect(page).toMatch(note);
    },
  );
});
