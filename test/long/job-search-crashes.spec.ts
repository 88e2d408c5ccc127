import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { greenhouseBoard, greenhouseJob, JobBoards, leverPosting, rssFeed } from '../support/job-boards';
import { JobSearchRun, type StepName, STEPS } from '../support/job-search';
import { SeededRandom } from '../support/random';
import { repetitions } from '../support/repetitions';

const SEED = Number(process.env.CRASH_SEED ?? 20_261_130);
/** A crash takes one or two seconds: its run needs up to five processes. CRASH_KILLS=1000 repeats it more often. */
const CRASHES = Number(process.env.CRASH_KILLS ?? repetitions(15, 100));
/** Of one test, so that each ends within its time limit. */
const CRASHES_OF_A_TEST = 100;
/** Most crashes hit the steps that issue calls. */
const CRASHING: StepName[] = [
  'search',
  'search',
  'search',
  'capture',
  'capture',
  'publish',
  'publish',
  'dedupe',
];
const CONCURRENCY = 3;
/** What the boards and their pages need without a crash or a limit. */
const CALLS_OF_A_RUN = 19;

let boards: JobBoards;
beforeAll(async () => {
  boards = await JobBoards.start();
});
afterAll(() => boards.stop());

function vacancies(count: number): { id: string; title: string; url: string; html: string }[] {
  return Array.from({ length: count }, (_, index) => ({
    id: String(index),
    title: `Data Engineer ${index}`,
    url: `${boards.url}/pages/${index}`,
    html: `<p>You work on ${Array.from({ length: 40 }, (_word, at) => `topic${index}x${at}`).join(' ')}</p>`,
  }));
}

function serve(random: SeededRandom): void {
  boards.reset();
  const all = vacancies(14);
  boards.json('/gh/acme/jobs', greenhouseBoard(all.slice(0, 6).map(greenhouseJob)));
  boards.json('/lever/acme', all.slice(6, 10).map(leverPosting));
  boards.html('/jobs.rss', rssFeed(all.slice(10)), 'application/rss+xml');
  boards.on('/robots.txt', (_request, response) => void response.writeHead(404).end());
  for (const [index, { html }] of all.entries())
    boards.on(`/pages/${index}`, (_request, response) => {
      // Some pages need a second try, and some take a while.
      const failing = random.next() < 0.1;
      setTimeout(
        () => response.writeHead(failing ? 503 : 200, { 'content-type': 'text/html' }).end(html),
        random.integer(0, 4),
      );
    });
}

function newRun(): JobSearchRun {
  const search = (domain: string) => ({ queryId: 'q', queryText: 'data engineer', domain });
  return new JobSearchRun(
    [search('boards.greenhouse.io'), search('jobs.lever.co'), search('127.0.0.1')],
    [
      { provider: 'greenhouse', board: 'acme', baseUrl: `${boards.url}/gh` },
      { provider: 'lever', board: 'acme', baseUrl: `${boards.url}/lever` },
      { provider: 'feed', url: `${boards.url}/jobs.rss`, company: 'Acme' },
    ],
  );
}

/** Checks a result that was handed over: it is complete. */
function expectSound(file: string): void {
  const database = new Database(file, { readonly: true });
  expect(database.pragma('integrity_check', { simple: true })).toBe('ok');
  const count = (table: string) => database.prepare(`SELECT count(*) FROM ${table}`).pluck().get();
  expect(count('jobs')).toBe(count('fingerprints'));
  database.close();
  for (const suffix of ['-wal', '-shm', '-journal', '.tmp'])
    expect(existsSync(`${file}${suffix}`)).toBe(false);
}

/** As the server does: what an attempt has reported is gone, and the next attempt gets the rest. */
async function oneRun(
  random: SeededRandom,
  crashesLeft: number,
): Promise<{ crashes: number; published: boolean }> {
  const limit = random.integer(0, CALLS_OF_A_RUN * 5);
  serve(random);
  const run = newRun();
  let used = 0;
  let crashes = 0;
  try {
    for (;;) {
      run.startAttempt();
      const end = await attempt();
      if (end === 'published') return { crashes, published: true };
      crashes++;
    }
  } finally {
    run.remove();
  }

  /** A random request that a program sends, or a random time after its start. */
  function moment(step: StepName): Promise<unknown> {
    const most = Math.min(step === 'search' ? 3 : step === 'capture' ? 10 : 0, limit - used);
    if (most < 1 || random.next() < 0.2) return delay(random.integer(20, 300));
    const wait = random.integer(0, 3);
    return boards.untilFurther(random.integer(1, most)).then(() => delay(wait));
  }

  async function attempt(): Promise<'published' | 'crashed'> {
    const crashAt = crashes < crashesLeft && random.next() < 0.9 ? random.pick(CRASHING) : null;
    for (const step of STEPS) {
      run.env.JOBATO_QUOTA_REMAINING = String(Math.max(0, limit - used));
      run.env.JOBATO_QUOTA_CONCURRENCY = String(CONCURRENCY);
      const ended = await run.run(step, step === crashAt ? moment(step) : undefined);
      used += ended.facts.calls;
      expect(boards.requests.length).toBeLessThanOrEqual(used);
      expect(boards.requests.length).toBeLessThanOrEqual(limit);
      expect(used).toBeLessThanOrEqual(limit);
      expect(boards.mostAtOnce).toBeLessThanOrEqual(CONCURRENCY);
      if (ended.facts.result !== null) {
        expect(step).toBe('publish');
        expectSound(join(run.runDir, ended.facts.result));
      }
      if (ended.signal === 'SIGKILL') return 'crashed';
      expect([ended.exitCode, ended.output]).toEqual([0, expect.any(String)]);
    }
    return 'published';
  }
}

const tests = Array.from({ length: Math.ceil(CRASHES / CRASHES_OF_A_TEST) }, (_, index) => ({
  seed: SEED + index,
  most: Math.min(CRASHES_OF_A_TEST, CRASHES - index * CRASHES_OF_A_TEST),
}));

it.each(tests)(
  'never exceeds the quota, and hands over only complete results, whenever a program is killed (seed $seed)',
  async ({ seed, most }) => {
    const random = new SeededRandom(seed);
    let crashes = 0;
    let published = 0;
    while (crashes < most) {
      const end = await oneRun(random, most - crashes);
      crashes += end.crashes;
      if (end.published) published++;
    }
    process.stdout.write(`Seed ${seed}: ${crashes} crashes, ${published} published runs\n`);
    expect(published).toBeGreaterThan(0);
  },
);
