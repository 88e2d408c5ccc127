// What notifications cost the runs: the same runs on three servers, in turn.
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { percentile } from './figures.mjs';
import { Place, ServerProcess } from './server-process.mjs';

const ECHO = 'steps:\n  - { name: say, command: [echo, hi] }';
const CHANNELS = `channels: [{ id: ops, type: webhook, urlFrom: OPS_URL, allowPrivate: true }]
defaults: [{ channel: ops, on: [started, completed] }]
`;
const WARM_UP = 10;
/** Milliseconds between two runs: notifications about the first are sent meanwhile. */
const PAUSE_MS = 400;

/** Measures trigger to end without notifications, with two for each run, and with a receiver that never answers. */
export async function notifications({ quick }) {
  const accepting = await receiver((response) => response.end('ok'));
  const dead = await receiver(() => undefined);
  const cases = [
    { name: 'without notifications', url: null },
    { name: 'with two notifications for each run', url: accepting.url },
    { name: 'with a receiver that never answers', url: dead.url },
  ];
  const servers = [];
  try {
    for (const { url } of cases) servers.push(await start(url));
    const latencies = cases.map(() => []);
    for (let round = 0; round < (quick ? 25 : 110); round++) {
      for (const [index, { server }] of servers.entries()) {
        latencies[index].push(await run(server));
        await delay(PAUSE_MS);
      }
    }
    const processorMs = [];
    for (const { server } of servers) processorMs.push(await processorTimePerRun(server, quick ? 50 : 200));
    const medians = latencies.map((all) => percentile(all.slice(WARM_UP), 0.5));
    return cases.flatMap(({ name }, index) => [
      {
        what: `trigger to end ${name}, p50`,
        value: medians[index],
        unit: 'ms',
        ...(index > 0 && {
          aim: '≤ 105% of the first',
          peer: { value: medians[0], what: 'without notifications' },
        }),
      },
      { what: '  processor time of the server per run', value: processorMs[index], unit: 'ms' },
    ]);
  } finally {
    for (const { place, server } of servers) {
      await server.stop();
      place.remove();
    }
    for (const { server } of [accepting, dead]) {
      server.closeAllConnections();
      server.close();
    }
  }
}

async function start(url) {
  const place = new Place();
  place.addProject('echo', ECHO);
  if (url !== null) writeFileSync(join(place.folder, 'config', 'notifications.yaml'), CHANNELS);
  const server = await ServerProcess.start(place, { environment: url === null ? {} : { OPS_URL: url } });
  return { place, server };
}

/** Returns the milliseconds of a run, as a client sees it that follows the run. */
async function run(server) {
  const startedAt = performance.now();
  const { runId } = await server.post('/api/projects/echo/runs');
  const stream = await fetch(`${server.url}/api/runs/${runId}/logs`, {
    headers: { Accept: 'text/event-stream' },
  });
  await stream.text(); // the stream ends with the run
  return performance.now() - startedAt;
}

/** Returns the milliseconds of processor time for one of many runs without a pause in between. */
async function processorTimePerRun(server, count) {
  const before = server.processorMs;
  for (let index = 0; index < count; index++) await run(server);
  return (server.processorMs - before) / count;
}

async function receiver(answer) {
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => answer(response));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, url: `http://127.0.0.1:${server.address().port}/hook` };
}
