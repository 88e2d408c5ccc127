import type { LogLine } from '../src/logs/log-line';
import { nodeStep, RunningApp } from './support/jobato';

const script = (id: string, text: string, more = '') =>
  `id: ${id}\nsteps:\n  - name: work\n    run: |\n${text.replace(/^/gm, '      ')}\n${more}`;

/** Writes numbered lines, in turn to stdout and stderr, as one loop does it without waiting. */
const IN_TURN =
  'const { writeSync } = require("fs"); for (let i = 0; i < 600; i++) writeSync(1 + (i % 2), `${i}\\n`);';

describe('output of a step', () => {
  let jobato: RunningApp;
  beforeAll(async () => {
    jobato = await RunningApp.start({
      reopen: script(
        'reopen',
        `echo out > /dev/stdout; echo err > /dev/stderr; echo more >> /dev/stderr
         echo '{"metrics":{"found":3}}' > /dev/fd/3
         echo piped | tee /dev/stderr`,
      ),
      turns: nodeStep('turns', IN_TURN),
      merged: `${nodeStep('merged', IN_TURN)}    mergeOutput: true\n`,
    });
  });
  afterAll(() => jobato.stop());

  async function run(projectId: string): Promise<{ lines: LogLine[]; metrics: Record<string, number> }> {
    const { runId } = await jobato.trigger(projectId);
    const { status, metrics } = await jobato.untilEnded(runId);
    expect(status).toBe('completed');
    const response = await jobato.fetch(`/api/runs/${runId}/logs?limit=1000`, {
      headers: { accept: 'application/json' },
    });
    return { lines: ((await response.json()) as { items: LogLine[] }).items, metrics };
  }
  const textsOf = (lines: LogLine[], wanted: string) =>
    lines.filter(({ stream }) => stream === wanted).map(({ text }) => text);

  it('can be opened by path, like a terminal or a file', async () => {
    const { lines, metrics } = await run('reopen');
    expect(textsOf(lines, 'stdout')).toEqual(['out', 'piped']);
    expect(textsOf(lines, 'stderr')).toEqual(['err', 'more', 'piped']);
    expect(metrics).toEqual({ found: 3 });
  });

  it('keeps the order within each stream', async () => {
    const { lines } = await run('turns');
    const every = (first: number) => Array.from({ length: 300 }, (_, index) => String(first + 2 * index));
    expect(textsOf(lines, 'stdout')).toEqual(every(0));
    expect(textsOf(lines, 'stderr')).toEqual(every(1));
  });

  it('keeps the order of all lines in one stream with mergeOutput', async () => {
    const { lines } = await run('merged');
    expect(textsOf(lines, 'stdout')).toEqual(Array.from({ length: 600 }, (_, index) => String(index)));
  });
});
