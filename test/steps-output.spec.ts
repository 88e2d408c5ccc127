import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LogLine } from '../src/logs/log-line';
import type { OpenLine } from '../src/logs/open-lines';
import { nodeStep, RunningApp } from './support/jobato';
import { readSse } from './support/sse';
import { anEvent, externalProject, HttpWorker, KEY } from './support/worker-api';

const script = (id: string, text: string, more = '') =>
  `id: ${id}\nsteps:\n  - name: work\n    run: |\n${text.replace(/^/gm, '      ')}\n${more}`;

/** Writes numbered lines, in turn to stdout and stderr, as one loop does it without waiting. */
const IN_TURN =
  'const { writeSync } = require("fs"); for (let i = 0; i < 600; i++) writeSync(1 + (i % 2), `${i}\\n`);';

/** Waits until the test creates this file in the folder of the run. */
const waitFor = (file: string) => `while [ ! -e "$JOBATO_RUN_DIR/${file}" ]; do sleep 0.02; done`;

describe('output of a step', () => {
  let jobato: RunningApp;
  beforeAll(async () => {
    const projects = {
      reopen: script(
        'reopen',
        `echo out > /dev/stdout; echo err > /dev/stderr; echo more >> /dev/stderr
         echo '{"metrics":{"found":3}}' > /dev/fd/3
         echo piped | tee /dev/stderr`,
      ),
      turns: nodeStep('turns', IN_TURN),
      merged: `${nodeStep('merged', IN_TURN)}    mergeOutput: true\n`,
      prompt: script('prompt', `echo before; printf 'Continue? '; ${waitFor('go')}; echo yes`),
      secret: script(
        'secret',
        `printf 'Token: %s' "\${TOKEN:0:12}"; ${waitFor('go')}; echo`,
        '    passEnv: [TOKEN]\n',
      ),
      bar: nodeStep(
        'bar',
        `const { existsSync, writeSync } = require('fs');
         let step = 0;
         const draw = () => {
           for (let each = 0; each < 1000; each++) writeSync(2, '\\r' + '#'.repeat(60) + ' ' + ++step + ' of many');
           if (!existsSync(process.env.JOBATO_RUN_DIR + '/go')) return setTimeout(draw, 5);
           writeSync(2, '\\r\\u001b[Kdone\\n');
         };
         draw();`,
      ),
      external: externalProject('external'),
    };
    jobato = await RunningApp.start(projects, { JOBATO_API_KEY: KEY, TOKEN: 'swordfish-of-the-step' });
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

  interface Shown {
    event: string;
    id?: string;
    data: LogLine & OpenLine;
  }

  /** Resolves with the events of lines, up to and including the first one that is wanted. */
  async function until(runId: string, isWanted: (shown: Shown) => boolean): Promise<Shown[]> {
    const all: Shown[] = [];
    for await (const { event, id, data } of readSse(`${jobato.url}/api/runs/${runId}/logs`)) {
      if (event !== 'log' && event !== 'line') continue;
      const shown = { event, id, data: JSON.parse(data) as Shown['data'] };
      all.push(shown);
      if (isWanted(shown)) break;
    }
    return all;
  }
  const go = (runId: string) => writeFileSync(join(jobato.folders.dataDir, 'runs', runId, 'go'), '');
  const textOf = async (runId: string) => (await jobato.fetch(`/api/runs/${runId}/logs`)).text();

  it('shows an unfinished line, which gets its number when it is finished', async () => {
    const { runId } = await jobato.trigger('prompt');
    const shown = await until(runId, ({ event }) => event === 'line');
    expect(shown.at(-1)).toEqual({
      event: 'line',
      id: undefined,
      data: { step: 'work', stream: 'stdout', text: 'Continue? ' },
    });
    expect(await textOf(runId)).toBe('before\nContinue? ');
    const page = await jobato.fetch(`/api/runs/${runId}/logs`, { headers: { accept: 'application/json' } });
    expect(((await page.json()) as { items: LogLine[] }).items.map(({ text }) => text)).toEqual(['before']);
    go(runId);
    await jobato.untilEnded(runId);
    expect(await textOf(runId)).toBe('before\nContinue? yes\n');
    expect(await until(runId, ({ id }) => id === '2')).toMatchObject([
      { id: '1' },
      { id: '2', event: 'log' },
    ]);
  });

  it('updates an overwritten line in place, and stores its last state only', async () => {
    const { runId } = await jobato.trigger('bar');
    const numberIn = ({ data }: Shown) => Number(/^#{60} (\d+) of many$/.exec(data.text)?.[1]);
    const shown = await until(runId, (each) => each.event === 'line' && numberIn(each) > 5000);
    expect(shown.map(numberIn)).toEqual(shown.map(numberIn).toSorted((a, b) => a - b));
    go(runId);
    await jobato.untilEnded(runId);
    expect(await textOf(runId)).toBe('\x1b[Kdone\n');
  });

  it('masks a secret that is written only in part', async () => {
    const { runId } = await jobato.trigger('secret');
    const shown = await until(runId, ({ event }) => event === 'line');
    expect(shown.at(-1)!.data.text).toBe('Token: ***');
    go(runId);
    await jobato.untilEnded(runId);
  });

  it('shows open lines of a worker over HTTP and on the stream, and the newest to a reader who comes later', async () => {
    await jobato.trigger('external');
    const worker = new HttpWorker(jobato);
    const { runId } = await worker.claimed({ projectIds: ['external'] });
    const open = (text: string) => ({ step: 'load', open: true, text });
    await worker.log(runId, [{ n: 1, step: 'load', text: 'begun' }, open('10 %')]).expect(202);
    await worker.log(runId, [open('20 %')]).expect(202);
    await worker.log(runId, [open('20 %')]).expect(202);
    const line = { event: 'line', data: { step: 'load', stream: 'stdout', text: '20 %' } };
    expect(await until(runId, ({ event }) => event === 'line')).toMatchObject([{ id: '1' }, line]);

    const wanted = until(runId, ({ data }) => data.text === '99 %');
    expect(await worker.say(anEvent(runId, 'run.log', { lines: [open('99 %')] }))).toMatchObject({
      accepted: 1,
    });
    await wanted;
    await worker.log(runId, [{ n: 2, step: 'load', text: 'done' }]).expect(202);
    expect(await textOf(runId)).toBe('begun\ndone\n');
  });
});
