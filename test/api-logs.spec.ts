import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import type { LogLine } from '../src/logs/log-line';
import { RunChanges } from '../src/runs/run-changes';
import { RunRepository } from '../src/runs/run.repository';
import type { RunView } from '../src/runs/run-view';
import { eventually } from './support/crash';
import { expectInvalid, expectProblem } from './support/expect-problem';
import { nodeStep, RunningApp } from './support/jobato';
import { repetitions } from './support/repetitions';
import { readSse } from './support/sse';

const BURST_LINES = repetitions(30_000, 100_000);

const UNKNOWN_RUN = '01890000-0000-7000-8000-000000000000';

/** Returns a project that runs the program; all logs of these tests come from such projects. */
const project = (id: string, program: string) => nodeStep(id, program);
/** Waits for the file `go` in the run's folder, which the test creates when it is ready. */
const WHEN_TOLD = `const { existsSync, watch } = require('fs');
const whenTold = (then) => {
  const file = process.env.JOBATO_RUN_DIR + '/go';
  const look = () => { if (existsSync(file)) { watching.close(); then(); } };
  const watching = watch(process.env.JOBATO_RUN_DIR, look);
  look();
};
`;

interface Followed {
  lines: LogLine[];
  runs: RunView[];
  end: { status: string; lastSeq: number } | null;
  /** The kinds of received events, in order. */
  kinds: string[];
}

describe('run log', () => {
  let jobato: RunningApp;
  beforeAll(async () => {
    jobato = await RunningApp.start({
      three: project('three', `console.log('one'); console.error('two'); console.log('three')`),
      silent: project('silent', `0`),
      odd: project(
        'odd',
        `process.stdout.write(Buffer.concat([
          Buffer.from('windows\\r\\n'), Buffer.from([0x61, 0xff, 0xfe, 0x62, 0x0a]),
          Buffer.from('nul\\0nul\\n'), Buffer.from('\\n'), Buffer.from('data: x\\n: y\\rz\\n'),
          Buffer.from('\\u001b[31mred\\u001b[0m \\u2028 🎉\\n'), Buffer.from('no end')]))`,
      ),
      long: project(
        'long',
        `const { writeSync } = require('fs');
         const all = (text) => { let rest = Buffer.from(text); while (rest.length > 0) rest = rest.subarray(writeSync(1, rest)); };
         all('x'.repeat(64 * 1024) + '\\n');
         all('y'.repeat(64 * 1024 + 1) + '\\n');
         all('é'.repeat(40_000) + '\\n');
         all('z'.repeat(10 * 1024 * 1024) + '\\n');
         all('after\\n')`,
      ),
      many: project(
        'many',
        `let text = ''; for (let i = 1; i <= 20000; i++) text += 'line ' + i + '\\n'; process.stdout.write(text)`,
      ),
      burst: project(
        'burst',
        `let text = ''; for (let i = 1; i <= ${BURST_LINES}; i++) text += i + ' ' + 'ab'.repeat(i % 60) + '\\n'; process.stdout.write(text)`,
      ),
      wide: project('wide', `const line = 'w'.repeat(8000) + '\\n'; process.stdout.write(line.repeat(1000))`),
      told: project(
        'told',
        `${WHEN_TOLD} console.log('before'); whenTold(() => { for (let i = 0; i < 50; i++) console.log('after ' + i) })`,
      ),
    });
  });
  afterAll(() => jobato.stop());

  const ended = async (projectId: string) => jobato.untilEnded((await jobato.trigger(projectId)).runId);
  const tell = (runId: string) => writeFileSync(join(jobato.folders.dataDir, 'runs', runId, 'go'), '');
  const metric = async (name: string) => {
    const metrics = await (await jobato.fetch('/api/metrics')).text();
    return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(metrics)![1]);
  };
  const openStreams = () => metric('jobato_sse_readers');
  const logsOf = (runId: string, query = '', headers: Record<string, string> = {}) =>
    jobato.fetch(`/api/runs/${runId}/logs${query}`, { headers });
  const text = async (runId: string, query = '') => (await logsOf(runId, query)).text();

  async function follow(
    runId: string,
    {
      query = '',
      headers = {},
      until = () => false,
    }: { query?: string; headers?: Record<string, string>; until?: (seen: Followed) => boolean } = {},
  ): Promise<Followed> {
    const seen: Followed = { lines: [], runs: [], end: null, kinds: [] };
    for await (const { event, id, data } of readSse(
      `${jobato.url}/api/runs/${runId}/logs${query}`,
      headers,
    )) {
      seen.kinds.push(event!);
      if (event === 'log') {
        const line = JSON.parse(data) as LogLine;
        if (id !== String(line.seq)) throw new Error(`Line ${line.seq} came with the id ${id}.`);
        seen.lines.push(line);
      } else if (event === 'run') seen.runs.push(JSON.parse(data) as RunView);
      else if (event === 'end') seen.end = JSON.parse(data) as Followed['end'];
      if (until(seen)) break;
    }
    return seen;
  }

  describe('content negotiation', () => {
    let runId: string;
    beforeAll(async () => ({ runId } = await ended('three')));

    it.each([
      ['text/plain', 'text/plain'],
      ['*/*', 'text/plain'],
      ['text/*', 'text/plain'],
      ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'text/plain'],
      ['text/html', 'text/plain'],
      ['image/png', 'text/plain'],
      ['application/json', 'application/json'],
      ['application/json, text/plain, */*', 'application/json'],
      ['text/plain;q=0.5, application/json', 'application/json'],
      ['text/event-stream', 'text/event-stream'],
      ['text/event-stream, application/json;q=0.1', 'text/event-stream'],
    ])('answers Accept %s with %s', async (accept, type) => {
      for (const path of [`/api/runs/${runId}/logs`, `/api/projects/three/runs/${runId}/logs`]) {
        const response = await jobato.fetch(path, { headers: { accept } });
        expect([response.status, response.headers.get('content-type')]).toEqual([
          200,
          expect.stringMatching(`^${type}`),
        ]);
        await response.arrayBuffer();
      }
    });

    it('returns text as the step wrote it', async () => {
      const lines = (await text(runId)).trimEnd().split('\n').sort();
      expect(lines).toEqual(['one', 'three', 'two']);
      expect((await text(runId, '?after=1')).trimEnd().split('\n')).toHaveLength(2);
      expect(await text(runId, '?after=3')).toBe('');
    });

    it('returns JSON in pages', async () => {
      const page = async (query: string) =>
        (await (await logsOf(runId, query, { accept: 'application/json' })).json()) as {
          items: LogLine[];
          nextAfter: number | null;
        };
      const all = await page('');
      expect(Object.keys(all)).toEqual(['items', 'nextAfter']);
      expect(all.nextAfter).toBeNull();
      expect(all.items.map(({ seq }) => seq)).toEqual([1, 2, 3]);
      for (const line of all.items) {
        expect(line).toEqual({
          seq: expect.any(Number),
          at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]{12}Z$/),
          stream: line.text === 'two' ? 'stderr' : 'stdout',
          step: 'work',
          text: line.text,
        });
      }
      expect(await page('?limit=2')).toEqual({ items: all.items.slice(0, 2), nextAfter: 2 });
      expect(await page('?limit=2&after=2')).toEqual({ items: all.items.slice(2), nextAfter: null });
      expect(await page('?limit=3')).toEqual({ items: all.items, nextAfter: null });
      expect(await page('?after=99')).toEqual({ items: [], nextAfter: null });
    });

    it.each([
      ['?after=-1', 'after'],
      ['?after=x', 'after'],
      ['?after=1.5', 'after'],
      ['?limit=0', 'limit'],
      ['?limit=10001', 'limit'],
      ['?limit=x', 'limit'],
      ['?what=1', 'what'],
    ])('rejects %s', async (query, field) => {
      for (const accept of ['application/json', 'text/event-stream', 'text/plain']) {
        expect(await expectInvalid(await logsOf(runId, query, { accept }))).toEqual([field]);
      }
    });

    it.each(['x', '-1', '1.5', '99999999999999999999'])('rejects Last-Event-ID %s', async (id) => {
      const response = await logsOf(runId, '', { accept: 'text/event-stream', 'last-event-id': id });
      expect(await expectInvalid(response)).toEqual(['Last-Event-ID']);
    });

    it('returns 404 for an unknown run, also as a stream', async () => {
      const response = await logsOf(UNKNOWN_RUN, '', { accept: 'text/event-stream' });
      await expectProblem(response, 404, 'RUN_NOT_FOUND');
    });
  });

  describe('event stream', () => {
    it('sends headers that disable caching and proxy buffering', async () => {
      const { runId } = await ended('silent');
      const response = await logsOf(runId, '', { accept: 'text/event-stream' });
      expect(Object.fromEntries(response.headers)).toMatchObject({
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': expect.stringMatching(/no-store|no-cache/),
        'x-accel-buffering': 'no',
      });
      expect(response.headers.get('content-length')).toBeNull();
      await response.text();
    });

    it('replays an ended run and closes', async () => {
      const run = await ended('three');
      const { lines, runs, end, kinds } = await follow(run.runId);
      expect(lines.map(({ seq }) => seq)).toEqual([1, 2, 3]);
      expect(kinds).toEqual(['log', 'log', 'log', 'run', 'end']);
      expect(await (await jobato.fetch(`/api/runs/${run.runId}`)).json()).toEqual(runs[0]);
      expect(end).toEqual({ status: 'completed', lastSeq: 3 });
    });

    it('ends with lastSeq 0 for an empty log', async () => {
      const { runId } = await ended('silent');
      const { kinds, end } = await follow(runId);
      expect(kinds).toEqual(['run', 'end']);
      expect(end).toEqual({ status: 'completed', lastSeq: 0 });
    });

    it('resumes after a line given by after or Last-Event-ID', async () => {
      const { runId } = await ended('three');
      const seqs = async (options: Parameters<typeof follow>[1]) =>
        (await follow(runId, options)).lines.map(({ seq }) => seq);
      expect(await seqs({ query: '?after=1' })).toEqual([2, 3]);
      expect(await seqs({ headers: { 'Last-Event-ID': '2' } })).toEqual([3]);
      expect(await seqs({ query: '?after=0', headers: { 'Last-Event-ID': '2' } })).toEqual([3]);
      expect(await seqs({ query: '?after=3' })).toEqual([]);
    });

    it('reports the last line even if the reader asks for a later one', async () => {
      const { runId } = await ended('three');
      const { lines, end } = await follow(runId, { query: '?after=1000' });
      expect(lines).toEqual([]);
      expect(end).toEqual({ status: 'completed', lastSeq: 3 });
    });

    it('sends lines and run states as they change', async () => {
      const { runId } = await jobato.trigger('told');
      let told = false;
      const seen = await follow(runId, {
        until: ({ lines }) => {
          if (lines.length === 1 && !told) {
            told = true;
            tell(runId);
          }
          return false;
        },
      });
      expect(seen.lines.map(({ seq }) => seq)).toEqual(Array.from({ length: 51 }, (_, index) => index + 1));
      expect(seen.kinds.at(-1)).toBe('end');
      expect(seen.kinds.at(-2)).toBe('run');
      expect(seen.end).toEqual({ status: 'completed', lastSeq: 51 });
      expect(seen.runs[0]!.status).toBe('running');
      expect(seen.runs.some(({ steps }) => steps[0]!.status === 'running')).toBe(true);
      expect(await (await jobato.fetch(`/api/runs/${runId}`)).json()).toEqual(seen.runs.at(-1));
    });

    it('sends only the last line number with lines=none', async () => {
      const { runId } = await jobato.trigger('told');
      const places: number[] = [];
      const kinds = new Set<string>();
      for await (const { event, id, data } of readSse(`${jobato.url}/api/runs/${runId}/logs?lines=none`)) {
        kinds.add(event!);
        if (event !== 'grown') continue;
        expect(JSON.parse(data)).toEqual({ lastSeq: Number(id) });
        places.push(Number(id));
        if (places.length === 1) tell(runId);
      }
      expect(places.at(-1)).toBe(51);
      expect(places.every((place, index) => index === 0 || place > places[index - 1]!)).toBe(true);
      expect([...kinds].sort()).toEqual(['end', 'grown', 'run']);
      const rest = `${jobato.url}/api/runs/${runId}/logs?lines=none&after=51`;
      for await (const { event } of readSse(rest)) expect(event).not.toBe('grown');
    });

    it('neither loses nor repeats lines across reconnects', async () => {
      const { runId } = await jobato.trigger('many');
      let state = 20251231;
      const random = (below: number) => {
        state = (state * 1103515245 + 12345) % 2147483648;
        return Math.floor((state / 2147483648) * below);
      };
      const texts: string[] = [];
      let ends = 0;
      for (let cuts = 0; ends === 0; cuts++) {
        const take = cuts < 30 ? 1 + random(1200) : Infinity;
        const last = texts.length;
        const seen = await follow(runId, {
          ...(cuts % 2 === 0 ? { query: `?after=${last}` } : { headers: { 'Last-Event-ID': String(last) } }),
          until: ({ lines }) => lines.length >= take,
        });
        expect(seen.lines[0]?.seq ?? last + 1).toBe(last + 1);
        for (const line of seen.lines) texts.push(line.text);
        if (seen.end) ends++;
      }
      expect(texts).toHaveLength(20_000);
      expect(texts.every((line, index) => line === `line ${index + 1}`)).toBe(true);
    });

    it('delivers a burst of lines unchanged, live and from the store', async () => {
      let expected = '';
      for (let i = 1; i <= BURST_LINES; i++) expected += `${i} ${'ab'.repeat(i % 60)}\n`;
      const { runId } = await jobato.trigger('burst');
      const { lines, end } = await follow(runId);
      expect(end).toEqual({ status: 'completed', lastSeq: BURST_LINES });
      expect(lines.every(({ seq }, index) => seq === index + 1)).toBe(true);
      expect(lines.map((line) => `${line.text}\n`).join('') === expected).toBe(true);
      expect((await text(runId)) === expected).toBe(true);
    });

    it('sends the last line before the end event', async () => {
      for (let i = 0; i < 5; i++) {
        const { runId } = await jobato.trigger('wide');
        expect((await follow(runId)).end).toEqual({ status: 'completed', lastSeq: 1000 });
      }
    });

    it('shares store reads among many readers', async () => {
      const readers = repetitions(20, 100);
      const { runId } = await ended('many');
      const reads = () => metric('jobato_log_store_reads_total');
      const stream = async () => {
        const response = await logsOf(runId, '', { accept: 'text/event-stream' });
        return Buffer.from(await response.arrayBuffer());
      };
      const before = await reads();
      const one = await stream();
      const between = await reads();
      const all = await Promise.all(Array.from({ length: readers }, stream));
      expect(all.every((bytes) => bytes.equals(one))).toBe(true);
      expect(one.includes('id: 20000\n')).toBe(true);
      // Each reader polls again at the end, where no read can be shared.
      expect((await reads()) - between).toBeLessThanOrEqual(2 * (between - before) + readers);
    });

    it('releases a reader that disconnects', async () => {
      const { runId } = await jobato.trigger('told');
      const { lines } = await follow(runId, { until: (seen) => seen.lines.length === 1 });
      expect(lines).toHaveLength(1);
      tell(runId);
      await jobato.untilEnded(runId);
      expect(await openStreams()).toBe(0);
    });

    it('answers HEAD without keeping the connection open', async () => {
      const { runId } = await jobato.trigger('told');
      const sent = request(`${jobato.url}/api/runs/${runId}/logs`, {
        method: 'HEAD',
        headers: { accept: 'text/event-stream' },
      }).end();
      const [response] = (await once(sent, 'response')) as [IncomingMessage];
      expect(response.headers['content-type']).toMatch(/^text\/event-stream/);
      response.resume();
      await once(response, 'end');
      expect(await openStreams()).toBe(0);
      tell(runId);
      await jobato.untilEnded(runId);
    });
  });

  describe('unusual lines', () => {
    const linesOf = async (runId: string) =>
      (
        (await (await logsOf(runId, '', { accept: 'application/json' })).json()) as { items: LogLine[] }
      ).items.map((line) => line.text);

    it('keeps control characters and replaces invalid UTF-8', async () => {
      const { runId } = await ended('odd');
      const expected = [
        'windows',
        'a\ufffd\ufffdb',
        'nul\0nul',
        '',
        'data: x',
        'z',
        '\u001b[31mred\u001b[0m \u2028 🎉',
        'no end',
      ];
      expect(await linesOf(runId)).toEqual(expected);
      expect((await follow(runId)).lines.map((line) => line.text)).toEqual(expected);
      expect(await text(runId)).toBe(expected.map((line) => `${line}\n`).join(''));
    });

    it('cuts lines at 64 KiB between characters and marks the cut', async () => {
      const { runId, status } = await ended('long');
      expect(status).toBe('completed');
      const [x, y, accents, z, after, ...more] = await linesOf(runId);
      expect(x === 'x'.repeat(64 * 1024)).toBe(true);
      for (const [line, start] of [
        [y, 'y'.repeat(64 * 1024)],
        [accents, 'é'.repeat(32 * 1024)],
        [z, 'z'.repeat(64 * 1024)],
      ]) {
        expect(line!.startsWith(start!)).toBe(true);
        expect(line!.slice(start!.length)).toBe(' … [line cut at 64 KiB]');
      }
      expect([after, more]).toEqual(['after', []]);
    });
  });
});

describe('log limit', () => {
  it('adds one line when reached and lets the step finish', async () => {
    const jobato = await RunningApp.start(
      {
        loud: nodeStep(
          'loud',
          `const line = 'x'.repeat(1023) + '\\n';
           const block = line.repeat(1024);
           let left = 20;
           const more = () => { while (left-- > 0) if (!process.stdout.write(block)) return process.stdout.once('drain', more);
             require('fs').writeFileSync(process.env.JOBATO_RUN_DIR + '/done', ''); require('fs').writeSync(3, '{"artifact":{"path":"done"}}\\n') };
           more()`,
        ),
      },
      { LOG_LIMIT_MB: '1' },
    );
    const run = await jobato.untilEnded((await jobato.trigger('loud')).runId);
    expect(run).toMatchObject({ status: 'completed', artifacts: [{ name: 'done', size: 0 }] });
    const lines = (await (await jobato.fetch(`/api/runs/${run.runId}/logs`)).text()).trimEnd().split('\n');
    // The limit counts stored bytes, which are slightly more than the text.
    expect(lines.length).toBeGreaterThan(1000);
    expect(lines.length).toBeLessThanOrEqual(1025);
    expect(lines.slice(0, -1).every((line) => line === 'x'.repeat(1023))).toBe(true);
    expect(lines.at(-1)).toMatch(/limit of 1 MB/);
    const page = await jobato.fetch(`/api/runs/${run.runId}/logs?after=${lines.length - 1}`, {
      headers: { accept: 'application/json' },
    });
    expect(((await page.json()) as { items: LogLine[] }).items).toMatchObject([
      { seq: lines.length, stream: 'system' },
    ]);
    await jobato.stop();
  });
});

it('an idle log stream sends a comment within 15 seconds', async () => {
  const jobato = await RunningApp.start({ waits: nodeStep('waits', '0') }, { WORKER: 'off' });
  const { runId } = await jobato.trigger('waits');
  // Publication changes the reason for waiting, which would send another event.
  await eventually('its request on the stream', async () => {
    const { waiting } = (await (await jobato.fetch(`/api/runs/${runId}`)).json()) as RunView;
    return waiting?.code === 'no-worker-yet';
  });
  const response = await jobato.fetch(`/api/runs/${runId}/logs`, {
    headers: { accept: 'text/event-stream' },
  });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let seen = '';
  const until = async (text: string) => {
    while (!seen.includes(text)) seen += (await reader.read()).value!;
  };
  // From here on, the test advances the time. The first wait began with a real timer, so a change restarts it.
  await until('event: run\n');
  jest.useFakeTimers({
    doNotFake: ['Date', 'hrtime', 'nextTick', 'performance', 'queueMicrotask', 'setImmediate', 'setInterval'],
  });
  try {
    const changes = jobato.app.get(RunChanges);
    changes.announce((await jobato.app.get(RunRepository).find(runId))!, false);
    seen = '';
    await until('event: run\n');
    let isHeard = false;
    const hearing = until('\n: ').then(() => (isHeard = true));
    for (let passedMs = 0; !isHeard && passedMs < 14_500; passedMs += 500) {
      jest.advanceTimersByTime(500);
      await jobato.fetch('/api/health/live'); // lets data that was sent before arrive
    }
    await hearing;
    expect(seen).toMatch(/\n: .*\n\n/);
  } finally {
    jest.useRealTimers();
    await reader.cancel();
    await jobato.stop();
  }
});
