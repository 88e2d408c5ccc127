// Measures the pages as browsers receive them: a project with many runs, and a run with a long log.
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { chromium } from 'playwright-core';
import { median } from './figures.mjs';
import { fillWithRuns } from './many-runs.mjs';
import { Place, withServer } from './server-process.mjs';

const RUNS = 100_000;
const LINES = 100_000;
const STEPS = ['extract', 'provisional', 'issues', 'refined'];
const ECHO = `steps:\n${STEPS.map((name) => `  - { name: ${name}, command: [echo, hi] }`).join('\n')}`;
const ROUNDS = 40;

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const ARGUMENTS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'];

/** Measures the cost of a page: server time, bytes on the wire, and time to first paint. */
export async function pages() {
  return withPages({}, async (server, { logRunId, firstRunId }) => {
    const project = await timed(server, '/projects/busy');
    const filtered = await timed(server, '/projects/busy?status=failed');
    const runs = await timed(server, '/runs');
    const searched = await timed(server, '/runs?q=nowhere');
    const run = await timed(server, `/runs/${logRunId}`);
    const unchanged = [];
    for (const path of ['/', '/runs', '/projects/busy', `/runs/${firstRunId}`]) {
      const [, part] = /hx-get="([^"]*state\?[^"]*version[^"]*)"/.exec(await text(await ask(server, path)));
      unchanged.push({
        path,
        ...(await timed(server, part.replaceAll('&amp;', '&').replaceAll('&#x3D;', '='), 204)),
      });
    }
    const count = RUNS.toLocaleString('en-US');
    return [
      { what: `page of a project with ${count} runs`, value: project.ms, unit: 'ms', aim: '≤ 30' },
      { what: '  on the wire, compressed', value: project.bytes / 1024, unit: 'KiB', aim: '≤ 60' },
      { what: '  only its failed runs', value: filtered.ms, unit: 'ms', aim: '≤ 30' },
      { what: `page of all runs, ${count} of them`, value: runs.ms, unit: 'ms', aim: '≤ 30' },
      { what: '  on the wire, compressed', value: runs.bytes / 1024, unit: 'KiB', aim: '≤ 60' },
      { what: '  a search without a match', value: searched.ms, unit: 'ms', aim: '≤ 100' },
      { what: `page of a run with ${LINES.toLocaleString('en-US')} lines`, value: run.ms, unit: 'ms' },
      { what: '  on the wire, compressed', value: run.bytes / 1024, unit: 'KiB' },
      {
        what: '  first painted',
        value: await firstPaintMs(server, `/runs/${logRunId}`),
        unit: 'ms',
        aim: '≤ 300',
      },
      ...unchanged.flatMap(({ path, ms, bytes }) => [
        { what: `nothing new on ${path.replace(firstRunId, '…')}`, value: ms, unit: 'ms', aim: '≤ 10' },
        { what: '  on the wire, head and all', value: bytes, unit: 'bytes', aim: '≤ 500' },
      ]),
    ];
  });
}

/** Checks that memory stays constant with 50 open pages, of which 20 follow a run that keeps writing. */
export async function openPages({ quick }) {
  const minutes = quick ? 1 : 10;
  return withPages({ tellsHeap: true }, async (server, { logRunId }) => {
    const { runId } = await server.post('/api/projects/endless/runs');
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
    const paths = ['/', '/projects/busy', `/runs/${runId}`, `/runs/${runId}`, `/runs/${logRunId}`];
    const samples = [];
    try {
      for (let index = 0; index < 50; index++) {
        // Separate contexts, because a browser opens at most six connections to one host.
        const page = await (await browser.newContext({ baseURL: server.url })).newPage();
        await page.goto(paths[index % paths.length]);
      }
      for (let sample = 0; sample <= minutes * 2; sample++) {
        await delay(sample === 0 ? 10_000 : 30_000);
        const live = await server.liveMebibytes();
        const resident = server.residentMebibytes;
        samples.push({ live, resident });
        process.stderr.write(
          `  ${live.toFixed(1)} MiB live, ${resident.toFixed(0)} resident after ${sample / 2} minutes\n`,
        );
      }
    } finally {
      await browser.close();
      await fetch(`${server.url}/api/runs/${runId}`, { method: 'DELETE' });
    }
    const third = Math.ceil(samples.length / 3);
    const rows = (name, what) => {
      const values = samples.map((sample) => sample[name]);
      return [
        {
          what: `${what} with 50 open pages, first third of ${minutes} minutes`,
          value: median(values.slice(0, third)),
          unit: 'MiB',
        },
        {
          what: '  last third',
          value: median(values.slice(-third)),
          unit: 'MiB',
          aim: 'flat, but for up to 32 MiB of log cache',
        },
      ];
    };
    return [...rows('live', 'memory in use'), ...rows('resident', 'memory taken')];
  });
}

async function withPages(options, use) {
  const place = new Place();
  try {
    place.addProject('busy', ECHO);
    place.addProject('long', `steps:\n  - { name: print, command: [seq, '1', '${LINES}'] }`);
    place.addProject(
      'endless',
      "steps:\n  - { name: print, command: [sh, -c, 'while :; do date; sleep 0.05; done'] }",
    );
    await withServer(place, {}, async () => {}); // creates the tables
    fillWithRuns(place.databaseFile, RUNS, () => 'busy');
    return await withServer(place, options, async (server) => {
      // The other runs imitate this one.
      const { runId: firstRunId } = await server.post('/api/projects/busy/runs');
      const { runId: logRunId } = await server.post('/api/projects/long/runs');
      await server.idle();
      return use(server, { firstRunId, logRunId });
    });
  } finally {
    place.remove();
  }
}

/** Returns the median time of a request, without the first quarter of the rounds. */
export async function timed(server, path, expectedStatus = 200, rounds = ROUNDS) {
  const isPart = expectedStatus === 204;
  const times = [];
  let bytes = 0;
  for (let round = 0; round < rounds; round++) {
    const startedAt = performance.now();
    const answer = await ask(server, path, isPart);
    times.push(performance.now() - startedAt);
    if (answer.status !== expectedStatus) throw new Error(`GET ${path}: ${answer.status}`);
    bytes = answer.bytes.length;
  }
  return { ms: median(times.slice(rounds / 4)), bytes };
}

/** Returns the exact bytes of a response: one request per connection, which the server closes. */
function ask({ port }, path, isPart = false) {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const chunks = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.once('error', reject);
    socket.once('end', () => {
      const bytes = Buffer.concat(chunks);
      resolve({ bytes, status: Number(bytes.subarray(9, 12).toString()) });
    });
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAccept: text/html\r\nAccept-Encoding: gzip, br\r\n` +
        `${isPart ? 'HX-Request: true\r\n' : ''}Connection: close\r\n\r\n`,
    );
  });
}

async function text({ bytes }) {
  const end = bytes.indexOf('\r\n\r\n');
  const head = bytes.subarray(0, end).toString().toLowerCase();
  const body = bytes.subarray(end + 4);
  const whole = head.includes('transfer-encoding: chunked') ? unchunked(body) : body;
  if (head.includes('content-encoding: br')) return brotliDecompressSync(whole).toString();
  return (head.includes('content-encoding: gzip') ? gunzipSync(whole) : whole).toString();
}

function unchunked(body) {
  const parts = [];
  for (let at = 0; ;) {
    const lineEnd = body.indexOf('\r\n', at);
    const size = Number.parseInt(body.subarray(at, lineEnd).toString(), 16);
    if (size === 0) return Buffer.concat(parts);
    parts.push(body.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
}

async function firstPaintMs(server, path) {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
  try {
    const times = [];
    for (let round = 0; round < 7; round++) {
      const page = await (await browser.newContext()).newPage();
      await page.goto(`${server.url}${path}`);
      times.push(
        await page.evaluate(
          `new Promise((seen) => new PerformanceObserver((list) => seen(list.getEntries()[0].startTime))
             .observe({ type: 'paint', buffered: true }))`,
        ),
      );
      await page.context().close();
    }
    return median(times.slice(1));
  } finally {
    await browser.close();
  }
}
