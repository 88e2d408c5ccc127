import { rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import type { RunView } from '../src/runs/run-view';
import { expectProblem } from './support/expect-problem';
import { nodeStep, RunningApp } from './support/jobato';

const START = `const fs = require('fs');
const say = (...messages) => { for (const message of messages) fs.writeSync(3, JSON.stringify(message) + '\\n') };
const file = (name, text) => fs.writeFileSync(process.env.JOBATO_RUN_DIR + '/' + name, text);
`;

/** A server whose project "says" runs the program in its parameter. */
let jobato: RunningApp;
beforeAll(async () => {
  jobato = await RunningApp.start(
    {
      says: nodeStep(
        'says',
        'eval(JSON.parse(process.env.JOBATO_PARAMS).program)',
        'params:\n  program: { type: string }\n',
      ),
      two: `${nodeStep('two', 'eval(JSON.parse(process.env.JOBATO_PARAMS).program)', 'params:\n  program: { type: string }\n')}  - name: after\n    command: [echo, after]\n  - name: last\n    command: [echo, last]\n`,
    },
    { ARTIFACT_LIMIT_MB: '1' },
  );
});
afterAll(() => jobato.stop());

async function carriedOut(program: string, projectId = 'says'): Promise<RunView> {
  const { runId } = await jobato.trigger(projectId, { params: { program: START + program } });
  await jobato.untilEnded(runId);
  return (await (await jobato.fetch(`/api/runs/${runId}`)).json()) as RunView;
}
const logOf = async ({ runId }: RunView) => (await jobato.fetch(`/api/runs/${runId}/logs`)).text();

describe('reports on descriptor 3', () => {
  it('update progress with the last value of each member', async () => {
    const run = await carriedOut(
      `say({ progress: { current: 3, total: 10, message: 'three' } }, { progress: { current: 10 } }, { progress: { message: 'Größe ✓' } })`,
    );
    expect(run).toMatchObject({
      status: 'completed',
      progress: { step: 'work', current: 10, total: 10, message: 'Größe ✓' },
      waiting: null,
    });
  });

  it('set metrics, which are added to the summary', async () => {
    const run = await carriedOut(
      `say({ metrics: { newJobsCount: 12, pages: 1 } }, { metrics: { pages: 2.5, relevantCount: 0, cold: -1 } })`,
    );
    expect(run.summary).toEqual({ newJobsCount: 12, relevantCount: 0, pages: 2.5, cold: -1 });
  });

  it('omit an artifact whose name is too long and apply the rest', async () => {
    const run = await carriedOut(
      `const long = 'd'.repeat(150) + '/' + 'f'.repeat(60); fs.mkdirSync(process.env.JOBATO_RUN_DIR + '/' + 'd'.repeat(150));
       file(long, 'x'); file('good', 'x');
       say({ artifact: { path: long } }, { artifact: { path: 'good' } }, { progress: { current: 4 } })`,
    );
    expect(run).toMatchObject({ artifacts: [{ name: 'good' }], progress: { current: 4 } });
    expect(await logOf(run)).toMatch(
      /An artifact is missing from this run: .*must be 1 to 200 characters long/,
    );
  });

  it('add searches without results to the end of the run', async () => {
    const { runId } = await carriedOut(
      `say({ zeroResults: [{ queryText: 'cobol', domain: 'a.com' }] }, { zeroResults: [{ queryText: 'ada', domain: 'b.org', note: 1 }] })`,
    );
    const events = await (await jobato.fetch(`/api/runs/${runId}/events`)).text();
    const occurredAt = expect.stringMatching(/^\d{4}-.*Z$/) as string;
    const { items } = JSON.parse(events) as { items: { eventType: string; payload: object }[] };
    expect(items.find(({ eventType }) => eventType === 'run.completed')?.payload).toMatchObject({
      zeroResults: [
        { queryText: 'cobol', domain: 'a.com', occurredAt },
        { queryText: 'ada', domain: 'b.org', occurredAt },
      ],
    });
  });

  it.each([
    ['keep an empty list of searches without results', 'say({ zeroResults: [] })', []],
    ['leave that list out if there is no report of it', 'say({ metrics: { pages: 1 } })', null],
  ])('%s', async (_behaviour, program, zeroResults) => {
    expect(await carriedOut(program)).toMatchObject({ status: 'completed', zeroResults });
  });

  it('mark the run as partial with the reason', async () => {
    const run = await carriedOut(`say({ partial: { reason: 'quota-reached' } })`, 'two');
    expect(run).toMatchObject({ status: 'partial', statusReason: 'quota-reached', error: null });
    expect(run.steps.map(({ status }) => status)).toEqual(['completed', 'completed', 'completed']);
  });

  it('set the error of a failed run', async () => {
    const run = await carriedOut(
      `say({ error: { code: 'NETWORK_ERROR', message: 'no route to host' } }); process.exit(7)`,
      'two',
    );
    expect(run).toMatchObject({
      status: 'failed',
      statusReason: 'step-failed',
      error: { code: 'NETWORK_ERROR', message: 'no route to host' },
    });
    expect(run.steps.map(({ status, exitCode }) => [status, exitCode])).toEqual([
      ['failed', 7],
      ['skipped', null],
      ['skipped', null],
    ]);
  });

  it('make a successful run partial if they contain an error', async () => {
    const run = await carriedOut(`say({ error: { code: 'NETWORK_ERROR', message: 'one page' } })`);
    expect(run).toMatchObject({ status: 'partial', statusReason: 'network-error' });
  });

  it('may be split, joined, blank or without a final newline', async () => {
    const run = await carriedOut(
      `fs.writeSync(3, '\\n  \\n{"progress":{"curr'); fs.writeSync(3, 'ent":1},"metrics":{"a":1}}\\r\\n{"metrics":{"b":2}}')`,
    );
    expect(run.progress.current).toBe(1);
    expect(run.summary).toMatchObject({ a: 1, b: 2 });
  });

  it.each([
    ['no JSON', `fs.writeSync(3, 'hello\\n')`],
    ['a number', `say(5)`],
    ['null', `say(null)`],
    ['a list', `say([])`],
    ['progress that is a text', `say({ progress: 'half' })`],
    ['progress below zero', `say({ progress: { current: -1 } })`],
    ['a metric that is a text', `say({ metrics: { a: 'many' } })`],
    ['no reason', `say({ partial: {} })`],
    ['no code', `say({ error: { message: 'x' } })`],
    ['no path', `say({ artifact: {} })`],
    ['binary', `fs.writeSync(3, Buffer.from([0xff, 0x00, 0xfe, 0x0a]))`],
    ['half a megabyte', `fs.writeSync(3, 'x'.repeat(500000) + '\\n')`],
  ])('are skipped and logged if invalid: %s', async (_name, program) => {
    const run = await carriedOut(`${program}; say({ metrics: { after: 1 } })`);
    expect(run).toMatchObject({ status: 'completed', summary: { after: 1 } });
    expect(await logOf(run)).toMatch(/^Ignored a report on file descriptor 3/);
  });

  it('produce few log lines for many invalid ones', async () => {
    const run = await carriedOut(`for (let i = 0; i < 5000; i++) fs.writeSync(3, 'garbage ' + i + '\\n')`);
    expect(run.status).toBe('completed');
    expect((await logOf(run)).split('\n').length).toBeLessThan(30);
  });

  it('may contain unknown members', async () => {
    const run = await carriedOut(`say({ weather: 'fine', metrics: { a: 1 } })`);
    expect(run).toMatchObject({ status: 'completed', summary: { a: 1 } });
    expect(await logOf(run)).toBe('');
  });

  it('may contain a metric named __proto__', async () => {
    const run = await carriedOut(`fs.writeSync(3, '{"metrics":{"__proto__":1,"constructor":2,"a":3}}\\n')`);
    expect(run).toMatchObject({ status: 'completed', summary: { a: 3 } });
  });
});

describe('artifact reported by a step', () => {
  /** Sends the unchanged path; `fetch` would normalise it. */
  const get = (path: string) =>
    new Promise<{ status: number; text: string }>((resolve, reject) => {
      const { hostname, port } = new URL(jobato.url);
      const sent = request({ hostname, port, path }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => (text += part));
        response.on('end', () => resolve({ status: response.statusCode!, text }));
      });
      sent.on('error', reject).end();
    });
  const download = ({ artifacts }: RunView, index = 0) => jobato.fetch(artifacts[index]!.href);

  it('is downloaded as an attachment that the browser does not execute', async () => {
    const run = await carriedOut(
      `file('page "1" 漢.html', '<script>alert(1)</script>'); say({ artifact: { path: 'page "1" 漢.html' } })`,
    );
    expect(run.artifacts).toEqual([
      {
        name: 'page "1" 漢.html',
        size: 25,
        href: expect.stringContaining(`/api/runs/${run.runId}/artifacts/`),
      },
    ]);
    const response = await download(run);
    expect(await response.text()).toBe('<script>alert(1)</script>');
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-length': '25',
      'x-content-type-options': 'nosniff',
      'content-disposition': expect.stringMatching(/^attachment; filename="page .*filename\*=UTF-8''page/),
      'content-security-policy': expect.stringContaining('sandbox'),
    });
  });

  it('may be in a subfolder, have an absolute path and be reported twice', async () => {
    const run = await carriedOut(
      `fs.mkdirSync(process.env.JOBATO_RUN_DIR + '/a/b', { recursive: true }); file('a/b/c.txt', 'deep'); file('abs', 'xy');
       say({ artifact: { path: 'a/b/c.txt' } }, { artifact: { path: process.env.JOBATO_RUN_DIR + '/abs' } }, { artifact: { path: './a/../abs' } })`,
    );
    expect(run.artifacts.map(({ name, size }) => [name, size])).toEqual([
      ['a/b/c.txt', 4],
      ['abs', 2],
    ]);
    expect(await (await download(run)).text()).toBe('deep');
  });

  it.each([
    ['outside, by dots', `say({ artifact: { path: '../../../config/projects/says.yaml' } })`],
    ['outside, absolutely', `say({ artifact: { path: '/etc/passwd' } })`],
    [
      'outside, by a link',
      `fs.symlinkSync('/etc/passwd', process.env.JOBATO_RUN_DIR + '/link'); say({ artifact: { path: 'link' } })`,
    ],
    [
      'outside, by a linked folder',
      `fs.symlinkSync('/etc', process.env.JOBATO_RUN_DIR + '/etc'); say({ artifact: { path: 'etc/passwd' } })`,
    ],
    ['the folder itself', `say({ artifact: { path: '.' } })`],
    [
      'a folder',
      `fs.mkdirSync(process.env.JOBATO_RUN_DIR + '/folder'); say({ artifact: { path: 'folder' } })`,
    ],
    ['not there', `say({ artifact: { path: 'nothing' } })`],
    ['named with a NUL', `say({ artifact: { path: 'a\\0b' } })`],
    [
      'a pipe',
      `require('child_process').execFileSync('mkfifo', [process.env.JOBATO_RUN_DIR + '/pipe']); say({ artifact: { path: 'pipe' } })`,
    ],
    ['too big', `file('big', Buffer.alloc(1024 * 1024 + 1)); say({ artifact: { path: 'big' } })`],
  ])('makes the run partial with the reason in the log if it is %s', async (_name, program) => {
    const run = await carriedOut(program);
    expect(run).toMatchObject({ status: 'partial', statusReason: 'artifact-missing', artifacts: [] });
    expect(await logOf(run)).toMatch(
      /^An artifact is missing from this run: the artifact ".*" (is|does not) .*\n$/,
    );
  });

  it("is served only while it is in the run's folder", async () => {
    const run = await carriedOut(`file('a', 'mine'); say({ artifact: { path: 'a' } })`);
    const folder = join(jobato.folders.dataDir, 'runs', run.runId);
    writeFileSync(join(folder, 'unreported'), 'secret');
    expect((await download(run)).status).toBe(200);

    const tried = [
      'unreported',
      'b',
      '..',
      '.',
      '..%2F..%2Fdb%2Fjobato.db',
      '%2e%2e%2f%2e%2e%2fdb%2fjobato.db',
      '..%5c..%5cdb',
      '%2Fetc%2Fpasswd',
      'a%00',
      'a%2F..%2Funreported',
      '__proto__',
      'a'.repeat(3000),
    ];
    for (const name of tried) {
      const answer = await get(`/api/runs/${run.runId}/artifacts/${name}`);
      expect([name, answer.status]).toEqual([name, 404]);
      expect(answer.text).not.toContain(jobato.folders.root);
    }
    rmSync(join(folder, 'a'));
    await expectProblem(await download(run), 404, 'ARTIFACT_NOT_FOUND');
    symlinkSync('/etc/passwd', join(folder, 'a'));
    await expectProblem(await download(run), 404, 'ARTIFACT_NOT_FOUND');
  });
});
