import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import Database from 'better-sqlite3';
import {
  ashbyBoard,
  ashbyJob,
  atomFeed,
  greenhouseBoard,
  greenhouseJob,
  JobBoards,
  leverPosting,
  rssFeed,
} from '../support/job-boards';
import { JobSearchRun, type Search, STEPS } from '../support/job-search';

const GREENHOUSE = 'boards.greenhouse.io';
const LEVER = 'jobs.lever.co';
const ASHBY = 'jobs.ashbyhq.com';
/** The host of the local server: a feed and pages on it are allowed by this domain. */
const LOCAL = '127.0.0.1';

let boards: JobBoards;
const runs: JobSearchRun[] = [];
beforeAll(async () => {
  boards = await JobBoards.start();
});
afterEach(() => {
  boards.reset();
  for (const run of runs.splice(0)) run.remove();
});
afterAll(() => boards.stop());

const engineersAt = (...domains: string[]): Search[] =>
  domains.map((domain) => ({ queryId: 'engineer', queryText: 'engineer', domain }));
const greenhouse = (board = 'acme') => ({ provider: 'greenhouse', board, baseUrl: `${boards.url}/gh` });
const lever = (board = 'acme') => ({ provider: 'lever', board, baseUrl: `${boards.url}/lever` });
const ashby = (board = 'acme') => ({ provider: 'ashby', board, baseUrl: `${boards.url}/ashby` });
const feed = (path = '/jobs.rss') => ({ provider: 'feed', url: `${boards.url}${path}` });

function newRun(...given: ConstructorParameters<typeof JobSearchRun>): JobSearchRun {
  const run = new JobSearchRun(...given);
  runs.push(run);
  return run;
}

interface Found {
  title: string;
  company: string;
  location: string;
  text: string;
  url: string;
  source: string;
  postedAt: string | null;
}
const foundBy = (run: JobSearchRun) => run.file<{ postings: Found[] }>('found.json').postings;

/** A text with enough words to be compared. */
const prose = (word: string) => `<p>${Array.from({ length: 60 }, (_, at) => `${word}${at}`).join(' ')}</p>`;

describe('search reads', () => {
  it('Greenhouse, with its encoded descriptions', async () => {
    boards.json(
      '/gh/acme/jobs',
      greenhouseBoard([
        greenhouseJob({ id: '1', title: 'Data Engineer', html: '<p>R&amp;D &lt;3</p><script>x</script>' }),
        greenhouseJob({ id: '2', title: 'Cook' }),
      ]),
    );
    const run = newRun(engineersAt(GREENHOUSE), [greenhouse()]);
    const { metrics, calls, zeroResults } = await run.runAll(['search']);
    expect(zeroResults).toEqual([]);
    expect(boards.requests).toEqual(['/gh/acme/jobs?content=true']);
    expect(metrics).toMatchObject({ foundCount: 1, failedSourcesCount: 0 });
    expect(calls).toBe(1);
    expect(foundBy(run)).toMatchObject([
      {
        source: 'greenhouse:acme',
        title: 'Data Engineer',
        company: 'Acme',
        location: 'Berlin',
        url: 'https://boards.greenhouse.io/acme/jobs/1',
        postedAt: '2026-02-18T14:00:00.000Z',
        text: 'R&D <3',
      },
    ]);
  });

  it('Lever, page by page', async () => {
    const all = Array.from({ length: 150 }, (_, id) =>
      leverPosting({ id: String(id), title: `Engineer ${id}` }),
    );
    boards.on('/lever/acme', (request, response) => {
      const { searchParams } = new URL(request.url!, boards.url);
      const skip = Number(searchParams.get('skip'));
      response.end(JSON.stringify(all.slice(skip, skip + Number(searchParams.get('limit')))));
    });
    const run = newRun(engineersAt(LEVER), [{ ...lever(), company: 'Acme' }]);
    const { metrics, calls } = await run.runAll(['search']);
    expect([metrics.foundCount, calls]).toEqual([150, 2]);
    expect(foundBy(run)[0]).toMatchObject({
      company: 'Acme',
      location: 'Berlin',
      postedAt: '2026-02-19T11:20:00.000Z',
      text: 'Text\nYou bring\nCuriosity',
    });
  });

  it('Lever, also if it ignores the offset', async () => {
    boards.json(
      '/lever/acme',
      Array.from({ length: 100 }, (_, id) => leverPosting({ id: String(id), title: 'Engineer' })),
    );
    const { metrics, calls } = await newRun(engineersAt(LEVER), [lever()]).runAll(['search']);
    expect([metrics.foundCount, calls]).toEqual([100, 2]);
  });

  it('Ashby, without unlisted jobs', async () => {
    boards.json(
      '/ashby/acme',
      ashbyBoard([
        ashbyJob({ id: '1', title: 'Engineer' }),
        { ...ashbyJob({ id: '2', title: 'Secret Engineer' }), isListed: false },
      ]),
    );
    const run = newRun(engineersAt(ASHBY), [ashby()]);
    await run.runAll(['search']);
    expect(foundBy(run)).toMatchObject([{ title: 'Engineer', company: 'acme', text: 'Text' }]);
  });

  it('RSS in another encoding, and Atom', async () => {
    const rss = rssFeed([{ id: '1', title: 'Engineer für Züge', location: 'Zürich' }], 'ISO-8859-1');
    boards.html('/jobs.rss', Buffer.from(rss, 'latin1'), 'application/rss+xml');
    boards.html(
      '/jobs.atom',
      atomFeed([{ id: '2', title: 'Engineer &amp;amp; more', html: '<p>Ä</p>' }]),
      'text/xml',
    );
    const run = newRun(engineersAt(LOCAL), [feed(), feed('/jobs.atom')]);
    await run.runAll(['search']);
    expect(foundBy(run)).toMatchObject([
      { title: 'Engineer für Züge', company: 'Acme', location: 'Zürich', url: 'https://jobs.example.org/1' },
      { url: 'https://jobs.example.org/2', text: 'Ä', postedAt: '2026-02-18T08:00:00.000Z' },
    ]);
  });

  it.each([
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
  ] as const)('an answer that is compressed with %s', async (encoding, compress) => {
    const body = compress(JSON.stringify(ashbyBoard([ashbyJob({ id: '1', title: 'Engineer' })])));
    boards.on('/ashby/acme', (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': encoding }).end(body);
    });
    const { metrics } = await newRun(engineersAt(ASHBY), [ashby()]).runAll(['search']);
    expect(metrics.foundCount).toBe(1);
  });

  it('the samples without a network, and more of them once there is a result', async () => {
    const searches = engineersAt(GREENHOUSE, LEVER, ASHBY, 'careers.example.org');
    const first = newRun(searches, 'sample', 'run-1');
    first.options = [];
    const before = await first.runAll();
    expect(before.calls).toBe(0);
    const second = newRun(searches, 'sample', 'run-2');
    second.options = [];
    second.env.JOBATO_CURRENT_RESULT = join(first.runDir, before.result!);
    const after = await second.runAll();
    expect(after.metrics.knownCount).toBe(before.metrics.foundCount);
    expect(after.metrics.newJobsCount).toBeGreaterThan(0);
  });
});

describe('a source that is in trouble', () => {
  /** One source works, so that the run goes on. */
  async function besideAGoodOne(options: string[] = []) {
    boards.json('/gh/acme/jobs', greenhouseBoard([greenhouseJob({ id: '1', title: 'Engineer' })]));
    const run = newRun(engineersAt(GREENHOUSE, LEVER), [greenhouse(), lever()]);
    run.options.push(...options);
    const search = await run.run('search');
    const capture = await run.run('capture');
    return { search, partial: capture.facts.partial };
  }
  const answer = (status: number, body: string | Buffer, headers: Record<string, string> = {}) =>
    boards.on('/lever/acme', (_request, response) => response.writeHead(status, headers).end(body));

  it.each<[string, () => void, RegExp, number]>([
    ['is not there', () => undefined, /status 404/, 1],
    ['answers with broken JSON', () => answer(200, '[{"id":'), /not valid JSON/, 1],
    ['answers with JSON of another shape', () => answer(200, '{"ok":true}'), /no list of postings/, 1],
    ['is always overloaded', () => answer(503, ''), /status 503/, 3],
    ['asks for a pause that is too long', () => answer(429, '', { 'retry-after': '3600' }), /status 429/, 1],
    ['answers with too much', () => answer(200, 'x'.repeat(70_000)), /more than 65536 bytes/, 1],
    [
      'answers with a bomb of zeros',
      () => answer(200, gzipSync(Buffer.alloc(50_000_000)), { 'content-encoding': 'gzip' }),
      /more than 65536 bytes/,
      1,
    ],
    ['lies about gzip', () => answer(200, 'plain', { 'content-encoding': 'gzip' }), /broken answer/, 1],
    [
      'redirects elsewhere',
      () => boards.redirect('/lever/acme', 'http://localhost:1/x'),
      /not on the allow-list/,
      1,
    ],
    [
      'redirects to a file',
      () => boards.redirect('/lever/acme', 'file:///etc/passwd'),
      /not an HTTP address/,
      1,
    ],
    ['redirects in a circle', () => boards.redirect('/lever/acme', '/lever/acme'), /more than 5 times/, 6],
    [
      'closes the connection',
      () => boards.on('/lever/acme', (request) => request.socket.destroy()),
      /be reached/,
      3,
    ],
  ])('is counted if it %s', async (_what, prepare, problem, calls) => {
    prepare();
    const { search, partial } = await besideAGoodOne(['--max-response-kb', '64']);
    expect(search).toMatchObject({ exitCode: 0, output: expect.stringMatching(problem) });
    expect(search.facts.metrics).toMatchObject({ foundCount: 1, failedSourcesCount: 1 });
    expect(search.facts.calls).toBe(1 + calls);
    expect(partial).toBe('sources-failed');
  });

  it('is counted if it does not answer, or stops in the middle', async () => {
    boards.on('/lever/acme', () => undefined);
    boards.on('/ashby/acme', (_request, response) => void response.writeHead(200).write('{"jobs":['));
    boards.json('/gh/acme/jobs', greenhouseBoard([greenhouseJob({ id: '1', title: 'Engineer' })]));
    const run = newRun(engineersAt(GREENHOUSE, LEVER, ASHBY), [greenhouse(), lever(), ashby()]);
    run.options.push('--request-timeout-seconds', '2', '--max-tries', '2');
    const { facts, output } = await run.run('search');
    expect(facts).toMatchObject({ calls: 5, metrics: { foundCount: 1, failedSourcesCount: 2 } });
    expect(output.match(/does not answer in time/g)).toHaveLength(2);
  });

  it('is counted if its certificate is not trusted', async () => {
    const pem = (name: string) => readFileSync(join(__dirname, '..', 'support', 'tls', `${name}.pem`));
    const server = createServer({ cert: pem('cert'), key: pem('key') }, (_request, response) =>
      response.end('[]'),
    );
    await new Promise<void>((resolve) => server.listen(0, LOCAL, resolve));
    const url = `https://${LOCAL}:${(server.address() as AddressInfo).port}/jobs.rss`;
    const { facts, output } = await newRun(engineersAt(LOCAL), [{ provider: 'feed', url }]).run('search');
    server.close();
    expect([facts.error?.code, facts.calls]).toEqual(['ALL_SOURCES_FAILED', 1]);
    expect(output).toMatch(/is not trusted \(\w+\)/);
  });

  it('is asked again after the pause that it wants', async () => {
    let pauseMs = 0;
    let firstAt = 0;
    boards.on('/lever/acme', (_request, response) => {
      if (firstAt === 0) {
        firstAt = Date.now();
        response.writeHead(429, { 'retry-after': '1' }).end();
        return;
      }
      pauseMs = Date.now() - firstAt;
      response.end(JSON.stringify([leverPosting({ id: '1', title: 'Engineer' })]));
    });
    const { search, partial } = await besideAGoodOne();
    expect(search.facts).toMatchObject({ calls: 3, metrics: { foundCount: 2 } });
    expect(pauseMs).toBeGreaterThanOrEqual(990);
    expect(partial).toBeNull();
  });

  it('follows a redirect on the same host', async () => {
    boards.redirect('/lever/acme', '/lever/renamed', 301);
    boards.json('/lever/renamed', [leverPosting({ id: '1', title: 'Engineer' })]);
    const { search } = await besideAGoodOne();
    expect(search.facts).toMatchObject({ calls: 3, metrics: { foundCount: 2 } });
  });

  it('fails the run if no source works', async () => {
    const { exitCode, facts } = await newRun(engineersAt(GREENHOUSE, LEVER), [greenhouse(), lever()]).run(
      'search',
    );
    expect([exitCode, facts.error?.code]).toEqual([1, 'ALL_SOURCES_FAILED']);
  });

  it('keeps postings beside a broken one', async () => {
    const postings = [leverPosting({ id: '1', title: 'Engineer' }), null, 'x', { text: 'Engineer' }];
    boards.json('/lever/acme', postings);
    const { output, facts } = await newRun(engineersAt(LEVER), [lever()]).run('search');
    expect(facts.metrics.foundCount).toBe(1);
    expect(output).toContain('3 postings have no title or no address');
  });

  it('is unknown if it is an Ashby board with an empty answer', async () => {
    boards.json('/ashby/never', ashbyBoard([]));
    const run = newRun(engineersAt(ASHBY), [ashby('never')]);
    const { facts } = await run.run('search');
    expect(facts.metrics).toMatchObject({ unknownSourcesCount: 1, zeroResultsCount: 0 });
    expect(facts.zeroResults).toBeNull();
    expect((await run.run('capture')).facts.partial).toBe('sources-unknown');
  });

  it('is no trouble if it is a Lever board without postings', async () => {
    boards.json('/lever/acme', []);
    const run = newRun(engineersAt(LEVER), [lever()]);
    const facts = await run.runAll();
    expect(facts).toMatchObject({
      partial: null,
      zeroResults: [{ queryText: 'engineer', domain: LEVER }],
      metrics: { newJobsCount: 0, zeroResultsCount: 1 },
    });
  });

  it('reports a feed that was cut off, and one that is HTML', async () => {
    boards.html('/jobs.rss', rssFeed([{ id: '1', title: 'Engineer' }]).slice(0, -60), 'text/xml');
    boards.html('/page', '<html><body>Jobs</body></html>');
    const { exitCode, output } = await newRun(engineersAt(LOCAL), [feed(), feed('/page')]).run('search');
    expect(exitCode).toBe(1);
    expect(output).toMatch(/ends in the middle of an element/);
    expect(output).toMatch(/neither RSS nor Atom/);
  });

  it('is never a private address, unless the switch is on', async () => {
    boards.json('/lever/acme', []);
    boards.html('/jobs.rss', rssFeed([]), 'text/xml');
    const byName = `${boards.url.replace(LOCAL, 'localhost')}/jobs.rss`;
    const run = newRun(engineersAt(LEVER, 'localhost'), [lever(), { provider: 'feed', url: byName }]);
    run.options.shift();
    const { exitCode, output, facts } = await run.run('search');
    expect(exitCode).toBe(1);
    expect(output).toMatch(/127\.0\.0\.1:\d+ has a private address/);
    // A name is looked up for the connection, when the call is counted already.
    expect(output).toMatch(/localhost:\d+ has a private address/);
    expect(facts.calls).toBe(1);
    expect(boards.requests).toEqual([]);
  });
});

describe('capture', () => {
  /** Postings whose pages are on the local server. */
  function withPages(...paths: string[]): JobSearchRun {
    boards.html(
      '/jobs.rss',
      rssFeed(
        paths.map((path) => ({ id: path, title: `Engineer ${path}`, url: new URL(path, boards.url).href })),
      ),
      'text/xml',
    );
    return newRun(engineersAt(LOCAL), [feed()]);
  }
  const pagesOf = ({ htmlDir }: JobSearchRun) =>
    readdirSync(htmlDir).map((name) => readFileSync(join(htmlDir, name), 'latin1'));

  it('stores pages as they came, and uses their text for a feed', async () => {
    const page = Buffer.from(
      '<meta charset="iso-8859-1"><nav>Home</nav><main>Köche und mehr Text</main>',
      'latin1',
    );
    boards.html('/page/1', page, 'text/html');
    const run = withPages('/page/1');
    const { metrics } = await run.runAll(['search', 'capture']);
    expect(metrics).toMatchObject({ capturedPagesCount: 1, failedPagesCount: 0, skippedPagesCount: 0 });
    expect(pagesOf(run)).toEqual([page.toString('latin1')]);
    expect(run.file<{ postings: Found[] }>('captured.json').postings[0]!.text).toBe('Köche und mehr Text');
  });

  it('counts bad pages and goes on', async () => {
    boards.html('/good', '<p>Good</p>');
    boards.on('/broken', (_request, response) => void response.writeHead(500).end());
    boards.html('/huge', 'x'.repeat(100_000));
    boards.html('/pdf', '%PDF', 'application/pdf');
    boards.on('/slow', () => undefined);
    const run = withPages('/broken', '/missing', '/huge', '/pdf', '/slow', '/good');
    run.options.push('--max-page-kb', '64', '--request-timeout-seconds', '2', '--max-tries', '1');
    const { metrics, partial } = await run.runAll();
    expect(metrics).toMatchObject({ capturedPagesCount: 1, failedPagesCount: 5, newJobsCount: 6 });
    expect(partial).toBeNull();
  });

  it('reads only allowed hosts, also after a redirect', async () => {
    boards.redirect('/away', 'http://localhost:1/page');
    const run = withPages('/away', 'https://elsewhere.example/page');
    const { metrics, calls } = await run.runAll(['search', 'capture']);
    expect(metrics).toMatchObject({ capturedPagesCount: 0, failedPagesCount: 0, skippedPagesCount: 2 });
    // The feed, robots.txt, and the redirect itself.
    expect([calls, boards.requests.length]).toEqual([3, 3]);
  });

  it('follows robots.txt, also after a redirect', async () => {
    boards.html('/robots.txt', 'User-agent: *\nDisallow: /private\nAllow: /private/jobs\n', 'text/plain');
    boards.redirect('/moved', '/private/x');
    for (const path of ['/open', '/private/1', '/private/x', '/private/jobs/2'])
      boards.html(path, '<p>Page</p>');
    const run = withPages('/open', '/private/1', '/private/jobs/2', '/moved');
    const { metrics } = await run.runAll(['search', 'capture']);
    expect(metrics).toMatchObject({ capturedPagesCount: 2, failedPagesCount: 0, skippedPagesCount: 2 });
    expect(boards.requests.filter((path) => path === '/robots.txt')).toHaveLength(1);
    expect(boards.requests).not.toContain('/private/1');
    expect(boards.requests).not.toContain('/private/x');
  });

  it('follows the first 512 KiB of a long robots.txt, without the line at the limit', async () => {
    const rules = 'User-agent: *\nDisallow: /private\n';
    const limit = 512 * 1024;
    const cutRule = 'Disallow: /open/never';
    const filler = '#'.repeat(limit - rules.length - 1 - 'Disallow: /open'.length);
    boards.html('/robots.txt', `${rules}${filler}\n${cutRule}\nDisallow: /\n`, 'text/plain');
    for (const path of ['/open', '/private/1']) boards.html(path, '<p>Page</p>');
    const { metrics } = await withPages('/open', '/private/1').runAll(['search', 'capture']);
    expect(metrics).toMatchObject({ capturedPagesCount: 1, failedPagesCount: 0, skippedPagesCount: 1 });
    expect(boards.requests).not.toContain('/private/1');
  });

  it('reads no page if robots.txt cannot be read', async () => {
    boards.on('/robots.txt', (_request, response) => void response.writeHead(503).end());
    boards.html('/page', 'Page');
    const { metrics } = await withPages('/page').runAll(['search', 'capture']);
    expect(metrics).toMatchObject({ capturedPagesCount: 0, skippedPagesCount: 1 });
    expect(boards.requests).not.toContain('/page');
  });

  it('reads no page of a private address, unless the switch is on', async () => {
    boards.html('/page', 'Page');
    const run = withPages('/page');
    await run.runAll(['search']);
    boards.requests.length = 0;
    run.options.shift();
    const { metrics, partial } = await run.runAll(['capture']);
    expect(metrics).toMatchObject({ failedPagesCount: 1 });
    expect(partial).toBe('pages-failed');
    expect(boards.requests).toEqual([]);
  });

  it('does not read a page again that the live result knows, nor more than the limit', async () => {
    boards.html('/page/1', 'One');
    const first = withPages('/page/1');
    const { result } = await first.runAll();
    for (const path of ['/page/2', '/page/3']) boards.html(path, 'More');
    const second = withPages('/page/1', '/page/2', '/page/3');
    second.env.JOBATO_CURRENT_RESULT = join(first.runDir, result!);
    second.options.push('--max-pages', '1');
    boards.requests.length = 0;
    const { metrics } = await second.runAll(['search', 'capture']);
    expect(metrics).toMatchObject({ capturedPagesCount: 1, leftPagesCount: 1 });
    expect(boards.requests).toEqual(['/jobs.rss', '/robots.txt', '/page/2']);
  });

  it('reads pages in later runs that a run did not capture', async () => {
    let isBroken = true;
    boards.html('/page/1', 'One');
    boards.on('/page/2', (_request, response) =>
      response.writeHead(isBroken ? 404 : 200, { 'content-type': 'text/html' }).end('Two'),
    );
    for (const path of ['/page/3', '/page/4']) boards.html(path, 'More');
    const paths = ['/page/1', '/page/2', '/page/3', '/page/4'];
    const first = withPages(...paths);
    // The feed, robots.txt and two pages.
    first.options.push('--max-pages', '3');
    await first.runAll(['search']);
    first.env.JOBATO_QUOTA_REMAINING = '3';
    first.env.JOBATO_QUOTA_CONCURRENCY = '1';
    const before = await first.runAll(['capture', 'dedupe', 'score', 'publish']);
    expect(before.metrics).toMatchObject({ capturedPagesCount: 1, failedPagesCount: 1, leftPagesCount: 1 });
    expect(before.partial).toBe('quota-reached');
    isBroken = false;
    boards.requests.length = 0;
    const second = withPages(...paths);
    second.env.JOBATO_CURRENT_RESULT = join(first.runDir, before.result!);
    const { metrics } = await second.runAll();
    expect(metrics).toMatchObject({ knownCount: 4, capturedPagesCount: 3, leftPagesCount: 0 });
    expect(boards.requests).toEqual(['/jobs.rss', '/robots.txt', '/page/3', '/page/4', '/page/2']);
  });
});

describe('the quota', () => {
  it('ends search with what was read, and the run as partial', async () => {
    for (const name of ['a', 'b', 'c'])
      boards.json(`/lever/${name}`, [leverPosting({ id: name, title: `Engineer ${name}` })]);
    const run = newRun(engineersAt(LEVER), [lever('a'), lever('b'), lever('c')]);
    run.env.JOBATO_QUOTA_REMAINING = '2';
    run.env.JOBATO_QUOTA_CONCURRENCY = '1';
    const search = await run.run('search');
    expect(search.facts).toMatchObject({ calls: 2, metrics: { foundCount: 2 }, zeroResults: null });
    expect(boards.requests).toHaveLength(2);
    expect(boards.mostAtOnce).toBe(1);
    run.env.JOBATO_QUOTA_REMAINING = '0';
    const rest = await run.runAll(['capture', 'dedupe', 'score', 'publish']);
    expect(rest).toMatchObject({ partial: 'quota-reached', calls: 0, metrics: { newJobsCount: 2 } });
    expect(boards.requests).toHaveLength(2);
  });

  it('counts retries, redirects and robots.txt, and stops between them', async () => {
    boards.on('/lever/a', (_request, response) => void response.writeHead(503).end());
    const run = newRun(engineersAt(LEVER), [lever('a')]);
    run.env.JOBATO_QUOTA_REMAINING = '2';
    const { facts } = await run.run('search');
    expect(facts.calls).toBe(2);
    expect(boards.requests).toHaveLength(2);
  });

  it('is the reason if it ends before a retry, and not the source or the page', async () => {
    boards.json('/lever/a', [leverPosting({ id: '1', title: 'Engineer', url: `${boards.url}/page` })]);
    boards.on('/gh/acme/jobs', (_request, response) => void response.writeHead(503).end());
    boards.on('/page', (_request, response) => void response.writeHead(503).end());
    const run = newRun(engineersAt(LEVER, GREENHOUSE, LOCAL), [lever('a'), greenhouse()]);
    run.env.JOBATO_QUOTA_REMAINING = '2';
    run.env.JOBATO_QUOTA_CONCURRENCY = '1';
    const search = await run.run('search');
    expect(search.facts.metrics).toMatchObject({ foundCount: 1, failedSourcesCount: 0 });
    run.env.JOBATO_QUOTA_REMAINING = '2';
    const { metrics, partial } = await run.runAll(['capture']);
    expect(metrics).toMatchObject({ failedPagesCount: 0 });
    expect(partial).toBe('quota-reached');
    expect(boards.requests).toEqual([
      '/lever/a?mode=json&skip=0&limit=100',
      '/gh/acme/jobs?content=true',
      '/robots.txt',
      '/page',
    ]);
  });

  it('does not fail the run if it ends before the only source is asked again', async () => {
    boards.on('/lever/a', (_request, response) => void response.writeHead(503).end());
    const run = newRun(engineersAt(LEVER), [lever('a')]);
    run.env.JOBATO_QUOTA_REMAINING = '1';
    const { partial } = await run.runAll();
    expect(partial).toBe('quota-reached');
  });

  it('counts the calls of a program that is killed', async () => {
    const names = ['a', 'b', 'c', 'd'];
    for (const name of names)
      boards.on(`/lever/${name}`, (_request, response) => void setTimeout(() => response.end('[]'), 20));
    const run = newRun(engineersAt(LEVER), names.map(lever));
    run.env.JOBATO_QUOTA_REMAINING = '5';
    run.env.JOBATO_QUOTA_CONCURRENCY = '1';
    const killed = await run.run('search', boards.untilFurther(3));
    expect(killed).toMatchObject({ signal: 'SIGKILL', facts: { calls: 3, metrics: {} } });
    run.startAttempt();
    run.env.JOBATO_QUOTA_REMAINING = '2';
    await run.runAll(['search']);
    expect(boards.requests).toHaveLength(5);
  });

  it('limits simultaneous calls', async () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    for (const name of names)
      boards.on(`/lever/${name}`, (_request, response) => void setTimeout(() => response.end('[]'), 20));
    const run = newRun(engineersAt(LEVER), names.map(lever));
    run.env.JOBATO_QUOTA_REMAINING = '100';
    run.env.JOBATO_QUOTA_CONCURRENCY = '2';
    await run.runAll(['search']);
    expect(boards.mostAtOnce).toBe(2);
  });
});

describe('a vacancy', () => {
  it('on two boards counts once, also if the boards are read in different runs', async () => {
    const html = prose('word');
    boards.json('/gh/acme/jobs', greenhouseBoard([greenhouseJob({ id: '1', title: 'Engineer', html })]));
    const other = leverPosting({ id: '7', title: 'Engineer (m/f/d)', location: 'Berlin, Germany', html });
    boards.json('/lever/acme', [other]);
    const first = newRun(engineersAt(GREENHOUSE), [greenhouse()], 'run-1');
    const before = await first.runAll();
    expect(before.metrics).toMatchObject({ newJobsCount: 1, duplicatesCount: 0 });
    const second = newRun(engineersAt(GREENHOUSE, LEVER), [greenhouse(), lever()], 'run-2');
    second.env.JOBATO_CURRENT_RESULT = join(first.runDir, before.result!);
    const after = await second.runAll();
    expect(after.metrics).toMatchObject({
      foundCount: 2,
      knownCount: 1,
      duplicatesCount: 1,
      newJobsCount: 0,
      relevantCount: 0,
    });
    const third = newRun(engineersAt(GREENHOUSE, LEVER), [greenhouse(), lever()], 'run-3');
    third.env.JOBATO_CURRENT_RESULT = join(second.runDir, after.result!);
    expect((await third.runAll()).metrics).toMatchObject({
      knownCount: 2,
      duplicatesCount: 0,
      newJobsCount: 0,
    });
  });

  it('of a feed keeps the score and the fingerprint of its page while the feed has a summary', async () => {
    const html = prose('word');
    boards.html('/page', `<main>${html}<p>Data</p></main>`);
    boards.html(
      '/jobs.rss',
      rssFeed([{ id: '1', title: 'Engineer', html: 'Engineer with data', url: `${boards.url}/page` }]),
      'text/xml',
    );
    const searches = [LOCAL, LEVER].map((domain) => ({ queryId: 'q', queryText: 'data engineer', domain }));
    boards.json('/lever/acme', []);
    const first = newRun(searches, [feed(), lever()], 'run-1');
    const before = join(first.runDir, (await first.runAll()).result!);
    // The phrase is in the summary, and not in the page.
    boards.html(
      '/jobs.rss',
      rssFeed([{ id: '1', title: 'New Engineer', html: 'A data engineer', url: `${boards.url}/page` }]),
      'text/xml',
    );
    const second = newRun(searches, [feed(), lever()], 'run-2');
    second.env.JOBATO_CURRENT_RESULT = before;
    const after = join(second.runDir, (await second.runAll()).result!);
    const [old, kept] = [rowsOf(before)[0]!, rowsOf(after)[0]!];
    expect(kept).toEqual({
      ...old,
      title: 'New Engineer',
      last_seen_run: 'run-2',
      last_seen_at: expect.any(String),
    });
    // Another board has the whole text.
    boards.json('/lever/acme', [
      leverPosting({ id: '7', title: 'New Engineer', html: `${html}<p>Data</p>` }),
    ]);
    const third = newRun(searches, [feed(), { ...lever(), company: 'Acme' }], 'run-3');
    third.env.JOBATO_CURRENT_RESULT = after;
    const { metrics } = await third.runAll();
    expect(metrics).toMatchObject({ knownCount: 1, duplicatesCount: 1, newJobsCount: 0 });
  });

  it('has a score with its reasons, and is relevant from the threshold on', async () => {
    boards.json('/lever/acme', [
      leverPosting({ id: '1', title: 'Data Engineer' }),
      leverPosting({ id: '2', title: 'Engineer', html: '<p>For data</p>' }),
      leverPosting({ id: '3', title: 'Cook', html: '<p>Data of an engineer</p>' }),
    ]);
    const run = newRun([{ queryId: 'q', queryText: 'data engineer', domain: LEVER }], [lever()]);
    run.options.push('--threshold', '43');
    const { metrics, result } = await run.runAll();
    expect(metrics).toMatchObject({ newJobsCount: 3, relevantCount: 2 });
    const rows = rowsOf(join(run.runDir, result!));
    expect(
      rows.map(({ title, score, query, score_version }) => [title, score, query, score_version]),
    ).toEqual([
      ['Data Engineer', 100, 'data engineer', 1],
      ['Engineer', 43, 'data engineer', 1],
      ['Cook', 20, 'data engineer', 1],
    ]);
    expect(JSON.parse(rows[1]!.explanation)).toMatchObject([
      {
        query: 'data engineer',
        reasons: [
          { word: 'data', where: 'text', points: 3 },
          { word: 'engineer', where: 'title', points: 10 },
        ],
      },
    ]);
  });
});

describe('publish', () => {
  async function published(): Promise<{ run: JobSearchRun; file: string }> {
    boards.json('/lever/acme', [leverPosting({ id: '1', title: 'Engineer' })]);
    const run = newRun(engineersAt(LEVER), [lever()], 'run-1');
    const { result } = await run.runAll();
    return { run, file: join(run.runDir, result!) };
  }
  function after(file: string): JobSearchRun {
    const run = newRun(engineersAt(LEVER), [lever()], 'run-2');
    run.env.JOBATO_CURRENT_RESULT = file;
    return run;
  }
  const digest = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');

  it('keeps earlier jobs and the run that saw them first, and never writes the live file', async () => {
    const { file } = await published();
    const before = digest(file);
    boards.json('/lever/acme', [leverPosting({ id: '2', title: 'Second Engineer' })]);
    const second = after(file);
    const { result } = await second.runAll();
    expect(digest(file)).toBe(before);
    expect(
      rowsOf(join(second.runDir, result!)).map((row) => [row.title, row.first_seen_run, row.last_seen_run]),
    ).toEqual([
      ['Engineer', 'run-1', 'run-1'],
      ['Second Engineer', 'run-2', 'run-2'],
    ]);
    expect(readdirSync(second.runDir).filter((name) => name.startsWith('jobs.db'))).toEqual(['jobs.db']);
  });

  it('hands over nothing if the live result is not its own', async () => {
    const { file } = await published();
    const foreign = join(runs[0]!.base, 'foreign.db');
    new Database(foreign).exec('CREATE TABLE other (id INTEGER)').close();
    const damaged = join(runs[0]!.base, 'damaged.db');
    writeFileSync(damaged, readFileSync(file).subarray(0, 5000));
    for (const current of [foreign, damaged, join(runs[0]!.base, 'missing.db')]) {
      const run = after(current);
      await run.run('search');
      const { exitCode, facts } = await run.run('capture');
      expect([exitCode, facts.error?.code, facts.result]).toEqual([1, 'INVALID_CURRENT_RESULT', null]);
    }
  });

  it('hands over nothing if it gets another live result than the comparison', async () => {
    const { file } = await published();
    const run = after(file);
    await run.runAll(['search', 'capture', 'dedupe', 'score']);
    delete run.env.JOBATO_CURRENT_RESULT;
    const { exitCode, facts } = await run.run('publish');
    expect([exitCode, facts.error?.code, facts.result]).toEqual([1, 'STALE_STEP_FILE', null]);
    expect(existsSync(join(run.runDir, 'jobs.db'))).toBe(false);
  });

  it('can be repeated after a failure without a second effect', async () => {
    const { run, file } = await published();
    const again = await run.run('publish');
    expect(again.facts).toMatchObject({ result: 'jobs.db', metrics: { newJobsCount: 1 } });
    expect(rowsOf(file)).toHaveLength(1);
  });
});

it('explains what is missing', async () => {
  const run = newRun(engineersAt('example.net'), [lever()]);
  for (const step of STEPS.slice(1)) {
    const { exitCode, facts } = await run.run(step);
    expect([exitCode, facts.error?.code]).toEqual([1, 'MISSING_STEP_FILE']);
  }
  const noSource = await run.run('search');
  expect(noSource.facts.error).toMatchObject({
    code: 'NO_SOURCES',
    message: expect.stringContaining('example.net'),
  });
  run.env.JOBATO_INPUTS_FILE = '';
  expect((await run.run('search')).facts.error?.code).toBe('NO_INPUTS');
});

interface Row {
  title: string;
  score: number;
  query: string;
  score_version: number;
  explanation: string;
  first_seen_run: string;
  last_seen_run: string;
}

function rowsOf(file: string): Row[] {
  const database = new Database(file, { readonly: true });
  try {
    return database.prepare<[], Row>('SELECT * FROM jobs ORDER BY score DESC, title').all();
  } finally {
    database.close();
  }
}
