import { RunningApp } from '../support/jobato';

const SEQUENCE = 1000;
const SIDE_BY_SIDE = 50;
const steps = (count: number, line: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => `  - ${line(index)}`).join('\n');

describe('a project with many steps', () => {
  let jobato: RunningApp;
  beforeAll(async () => {
    jobato = await RunningApp.start({
      chain: `id: chain\nsteps:\n${steps(SEQUENCE, (index) => `{ name: s${index}, run: 'echo "line ${index}"' }`)}\n`,
      // Each step waits until all of them run.
      wide: `id: wide\nparallel: ${SIDE_BY_SIDE}\nsteps:\n${steps(
        SIDE_BY_SIDE,
        (index) =>
          `{ name: s${index}, needs: [], run: 'touch "$JOBATO_RUN_DIR/${index}"; until [ "$(ls "$JOBATO_RUN_DIR" | wc -l)" = ${SIDE_BY_SIDE} ]; do sleep 0.05; done' }`,
      )}\n`,
    });
  });
  afterAll(() => jobato.stop());

  async function run(projectId: string) {
    const { runId } = await jobato.trigger(projectId);
    return jobato.untilEnded(runId);
  }

  it(`runs ${SEQUENCE} steps one after the other, and shows them`, async () => {
    const ended = await run('chain');
    expect(ended).toMatchObject({ status: 'completed', omitted: null });
    expect(new Set(ended.steps.map(({ status }) => status))).toEqual(new Set(['completed']));
    for (let index = 1; index < SEQUENCE; index++)
      expect(ended.steps[index]!.startedAt! >= ended.steps[index - 1]!.endedAt!).toBe(true);
    const log = await (await jobato.fetch(`/api/runs/${ended.runId}/logs`)).text();
    expect(log.split('\n').slice(0, -1)).toEqual(
      Array.from({ length: SEQUENCE }, (_, index) => `line ${index}`),
    );
    for (const path of [`/runs/${ended.runId}`, '/projects/chain', '/', '/api/projects/chain']) {
      const answer = await jobato.fetch(path);
      expect([path, answer.status]).toEqual([path, 200]);
      expect(await answer.text()).toContain(path === '/' ? 'chain' : 's999');
    }
  });

  it(`runs ${SIDE_BY_SIDE} steps at the same time`, async () => {
    const ended = await run('wide');
    expect(ended.status).toBe('completed');
    expect(ended.steps).toHaveLength(SIDE_BY_SIDE);
    const lastStart = ended.steps
      .map(({ startedAt }) => startedAt!)
      .sort()
      .at(-1)!;
    expect(ended.steps.every(({ endedAt }) => endedAt! >= lastStart)).toBe(true);
  });
});
