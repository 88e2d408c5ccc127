import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ResultFiles } from '../../src/results/result-files';
import type { LiveResultView, ResultListView } from '../../src/results/result.views';
import { Belongings, eventually, gone, runsOf, tryTrigger } from '../support/crash';
import { type Folders, nodeStep, RunningApp, type ServerProcess } from '../support/jobato';
import { SeededRandom } from '../support/random';
import { repetitions } from '../support/repetitions';

const SEED = Number(process.env.RESULT_SEED ?? Date.now() % 1_000_000);
/** Writes a file of one repeated letter, which shows whether a reader got the whole of one result. */
const STEP = `
  const { writeFileSync, writeSync } = require('node:fs');
  const { JOBATO_RUN_DIR, JOBATO_PARAM_LETTER } = process.env;
  writeFileSync(JOBATO_RUN_DIR + '/letters.txt', JOBATO_PARAM_LETTER.repeat(300000));
  writeSync(3, JSON.stringify({ result: { path: 'letters.txt' } }) + '\\n');
`;
const PROJECT = `${nodeStep('letters', STEP)}params: { letter: { type: string, required: true } }
result: { keep: 2, pointer: db/pointer.txt }
`;
const POINTERS = ['results/letters/current.txt', 'db/pointer.txt'];

const belongings = new Belongings();
afterEach(() => belongings.clear());

/** Returns the letter of the file that a pointer leads to. */
function letterOf({ dataDir }: Folders, pointer: string): string {
  const lines = readFileSync(join(dataDir, pointer), 'utf8').split('\n');
  expect(lines).toHaveLength(2);
  const text = readFileSync(join(dataDir, lines[0]!), 'utf8');
  expect(text).toBe(text[0]!.repeat(300_000));
  return text[0]!;
}

const start = (server: ServerProcess, letter: string) =>
  tryTrigger(server, 'letters', { params: { letter } });
const get = async <Answer>(server: ServerProcess, path: string) =>
  (await (await fetch(`${server.url}/api/projects/letters/${path}`)).json()) as Answer;

function lineOf({ dataDir }: Folders, pointer: string): string | null {
  const path = join(dataDir, pointer);
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
}

/** Expects that database, pointers and files agree, and returns the letter that is live. */
async function consistent(folders: Folders, server: ServerProcess): Promise<string> {
  const live = await get<LiveResultView>(server, 'result');
  const { items } = await get<ResultListView>(server, 'results');
  await eventually('the pointers to lead to the live result', () =>
    POINTERS.every((pointer) => lineOf(folders, pointer) === `${live.path}\n`),
  );
  const kept = () =>
    readdirSync(join(folders.dataDir, 'results/letters')).filter((name) => name !== 'current.txt');
  await eventually('no other files to be left', () => kept().length === items.length);
  expect(items.length).toBeLessThanOrEqual(3);
  const completed = (await runsOf(server)).filter(({ status }) => status === 'completed');
  expect(live.runId).toBe(completed[0]!.runId);
  expect(items.map(({ runId }) => runId)).toEqual(completed.slice(0, items.length).map(({ runId }) => runId));
  return letterOf(folders, POINTERS[0]!);
}

it.each([
  ['while the result is copied', 'a'],
  ['after the end is on the stream, before it is applied', 'a'],
  ['after the end is applied, before it is acknowledged', 'a'],
  ['after the end with the result is committed, before the pointer is written', 'a'],
  ['after the pointers are written, before old results are deleted', 'b'],
])('a server killed %s leads to no result, or to all of it', async (point, afterwards) => {
  const folders = belongings.makeFolders({ letters: PROJECT });
  const first = await belongings.start(folders);
  await first.untilEnded((await start(first, 'a'))!.runId);
  await consistent(folders, first);
  await first.end('SIGTERM');

  const crashing = await belongings.startCrashing(folders, point).catch(() => null);
  if (crashing) {
    await start(crashing, 'b');
    await gone(crashing);
  }
  expect(POINTERS.map((pointer) => letterOf(folders, pointer))).toEqual([afterwards, expect.any(String)]);

  const last = await belongings.start(folders);
  await eventually('the run to end', async () =>
    (await runsOf(last)).every(({ status }) => status !== 'running'),
  );
  const runs = await runsOf(last);
  expect(await consistent(folders, last)).toBe(
    runs[0]!.status === 'completed' && runs.length === 2 ? 'b' : 'a',
  );
});

it(`pointers never lead to anything but a whole result of a completed run, over kills at any time (RESULT_SEED=${SEED})`, async () => {
  const random = new SeededRandom(SEED);
  const folders = belongings.makeFolders({ letters: PROJECT });
  let server = await belongings.start(folders);
  await server.untilEnded((await start(server, 'A'))!.runId);
  await consistent(folders, server);
  const reader = readInALoop(folders);
  let kills = 0;
  for (let round = 0; round < repetitions(3, 12); round++) {
    const running = start(server, random.pick([...'BCDEFGHIJKLMNOPQRSTUVWXYZ']));
    const dying = new Promise<void>((resolve) =>
      setTimeout(() => void server.end('SIGKILL').then(() => resolve()), random.integer(20, 500)),
    );
    await running;
    await dying;
    kills++;
    server = await belongings.start(folders);
    await eventually('the run to end', async () =>
      (await runsOf(server)).every(({ status }) => status !== 'running'),
    );
    await consistent(folders, server);
  }
  const reads = await reader.stop();
  expect(reads).toBeGreaterThan(kills);
  console.log(`RESULT_SEED=${SEED}: ${kills} kills, ${reads} reads`);
});

it('200 swaps give no reader an error, or a part of a result', async () => {
  const jobato = await RunningApp.start({ letters: PROJECT });
  try {
    const make = async (letter: string) =>
      jobato.untilEnded((await jobato.trigger('letters', { params: { letter } })).runId);
    await make('z');
    await jobato.app.get(ResultFiles).idle();
    const reader = readInALoop(jobato.folders);
    let isOver = false;
    let downloads = 0;
    const downloading = (async () => {
      while (!isOver) {
        const response = await jobato.fetch('/api/projects/letters/result/file');
        const text = await response.text();
        if (response.status !== 200 || text !== text[0]!.repeat(300_000))
          throw new Error(`Got ${response.status}`);
        downloads++;
      }
    })();
    const swaps = repetitions(20, 200);
    for (let swap = 0; swap < swaps; swap++) {
      const { runId } = await make(String.fromCharCode(97 + (swap % 26)));
      if (swap % 3 > 0) continue;
      const { items } = (await jobato.api.get('/api/projects/letters/results')).body as ResultListView;
      const earlier = items.find((item) => item.runId !== runId)!;
      await jobato.api.put('/api/projects/letters/result').send({ runId: earlier.runId }).expect(200);
    }
    isOver = true;
    await downloading;
    const reads = await reader.stop();
    expect(reads).toBeGreaterThan(swaps);
    expect(downloads).toBeGreaterThan(swaps / 2);
  } finally {
    await jobato.stop();
  }
});

/** Reads through both pointers in another process, as fast as it can, until it is stopped. */
function readInALoop({ dataDir }: Folders): { stop(): Promise<number> } {
  const program = `
    const { readFileSync } = require('node:fs');
    let reads = 0;
    let isOver = false;
    process.stdin.on('data', () => (isOver = true));
    const read = () => {
      for (const pointer of ${JSON.stringify(POINTERS)}) {
        const line = readFileSync(${JSON.stringify(dataDir)} + '/' + pointer, 'utf8');
        if (!/^results\\/letters\\/\\d+-[0-9a-f]{8}\\/letters.txt\\n$/.test(line)) throw new Error('torn: ' + line);
        let text;
        try {
          text = readFileSync(${JSON.stringify(dataDir)} + '/' + line.trim(), 'utf8');
        } catch (error) {
          // Two results were made since the pointer was read, so that this one is no longer kept.
          if (error.code === 'ENOENT' && readFileSync(${JSON.stringify(dataDir)} + '/' + pointer, 'utf8') !== line) continue;
          throw error;
        }
        if (text !== text[0].repeat(300000)) throw new Error('torn: ' + text.length);
        reads++;
      }
      if (isOver) { console.log(reads); process.exit(0); }
      setImmediate(read);
    };
    read();
  `;
  const child = spawn(process.execPath, ['-e', program], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  // The reader ends early after an error, and says which.
  child.stdin.on('error', () => undefined);
  const ended = once(child, 'close') as Promise<[number | null]>;
  return {
    async stop() {
      child.stdin.end('stop');
      const [code] = await ended;
      expect(code).toBe(0);
      return Number(lines[0]);
    },
  };
}
