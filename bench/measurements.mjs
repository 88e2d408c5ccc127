// Each measurement returns rows of { what, value, unit, aim?, peer? }.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { median, percentile, perSecond } from './figures.mjs';
import { load, requests } from './load.mjs';
import { fillWithRuns, RARE } from './many-runs.mjs';
import { naiveInserts, plainLines, plainSpawns } from './peers.mjs';
import { Place, ServerProcess, withServer } from './server-process.mjs';

const NO_OP_SERVER = fileURLToPath(new URL('./no-op-server.cjs', import.meta.url));
const ECHO = 'steps:\n  - { name: say, command: [echo, hi] }';

async function inPlace(use) {
  const place = new Place();
  try {
    return await use(place);
  } finally {
    place.remove();
  }
}

/** Measures accepted runs per second: each is on disk (synchronous=FULL), with its event, before the response. */
export function triggers({ quick, profile }) {
  return inPlace(async (place) => {
    const rounds = quick ? 3 : 6;
    const ids = place.addProjects('outside', quick ? 500 : 1500, 'executor: external');
    const paths = ids.map((id) => `/api/projects/${id}/runs`);
    const measured = await withServer(place, { profile }, async (server) => {
      const results = [];
      for (let round = 0; round < rounds; round++) {
        results.push(
          await requests({
            port: server.port,
            method: 'POST',
            paths,
            body: {},
            inFlight: 50,
            expectedStatus: 201,
          }),
        );
        await cancelAll(server); // frees each project for its next run; not measured
      }
      return results.slice(1); // the first round warms up
    });
    const latencies = measured.flatMap((result) => result.latencies);
    return [
      {
        what: 'accepted triggers, 50 in flight',
        value: median(measured.map(({ count, ms }) => perSecond(count, ms))),
        unit: '/s',
        aim: '≥ 2,500',
        peer: { value: naiveInserts(quick ? 500 : 3000), what: 'one bare INSERT after the other' },
      },
      { what: '  answered after, p50', value: percentile(latencies, 0.5), unit: 'ms' },
      { what: '  answered after, p99', value: percentile(latencies, 0.99), unit: 'ms' },
    ];
  });
}

async function cancelAll(server) {
  for (;;) {
    const { items } = await server.get('/api/runs?status=running&limit=200');
    if (items.length === 0) return;
    const paths = items.map(({ runId }) => `/api/runs/${runId}`);
    await requests({ port: server.port, method: 'DELETE', paths, inFlight: 20, expectedStatus: 202 });
  }
}

/**
 * POST → row → request on the stream → claim → started, step, completed → row: everything except the child process.
 */
export function lifecycles({ quick, profile }) {
  return inPlace(async (place) => {
    const ids = place.addProjects('step', quick ? 500 : 1500, ECHO);
    const { rates, processorMs } = await withServer(
      place,
      { program: NO_OP_SERVER, environment: { WORKER_CONCURRENCY: '50' }, profile },
      (server) => roundsOfRuns(server, ids, 50, quick ? 5 : 7),
    );
    return [
      { what: 'whole runs with a no-op step, 50 in flight', value: median(rates), unit: '/s' },
      { what: '  processor time of the server per run', value: processorMs, unit: 'ms' },
    ];
  });
}

export function echoRuns({ quick, profile }) {
  return inPlace(async (place) => {
    const ids = place.addProjects('echo', quick ? 100 : 300, ECHO);
    const { seen, recorded, rates } = await withServer(
      place,
      { environment: { WORKER_CONCURRENCY: '20' }, profile },
      async (server) => ({
        ...(await oneAtATime(server, ids[0], quick ? 30 : 150)),
        rates: (await roundsOfRuns(server, ids, 20, quick ? 3 : 5)).rates,
      }),
    );
    const single = await plainSpawns(quick ? 30 : 150, 1);
    const many = await plainSpawns(quick ? 100 : 500, 20);
    return [
      {
        what: '`echo hi`, trigger to end as a follower sees it, p50',
        value: percentile(seen, 0.5),
        unit: 'ms',
        aim: '≤ 25',
        peer: { value: percentile(single.latencies, 0.5), what: 'plain spawn' },
      },
      { what: '  the same, p95', value: percentile(seen, 0.95), unit: 'ms' },
      { what: '  as the run records it (durationMs), p50', value: percentile(recorded, 0.5), unit: 'ms' },
      {
        what: '`echo hi` runs, 20 in flight',
        value: median(rates),
        unit: '/s',
        aim: '≥ 150',
        peer: { value: many.rate, what: 'plain spawn, 20 in flight' },
      },
    ];
  });
}

/** Measures what each step of one run costs, one after the other and side by side, beside plain child processes. */
export function steps({ quick, profile }) {
  return inPlace(async (place) => {
    const count = quick ? 200 : 1000;
    const width = 50;
    const listed = (number, more) =>
      Array.from({ length: number }, (_, index) => `  - { name: s${index}, command: ['true']${more} }`).join(
        '\n',
      );
    const [chain] = place.addProjects('chain', 1, `steps:\n${listed(count, '')}`);
    const [wide] = place.addProjects(
      'wide',
      1,
      `parallel: ${width}\nsteps:\n${listed(width, ', needs: []')}`,
    );
    const { perStep, sideBySide } = await withServer(place, { profile }, async (server) => {
      const durationOf = async (id) => {
        const { runId } = await server.post(`/api/projects/${id}/runs`);
        const stream = await fetch(`${server.url}/api/runs/${runId}/logs`, {
          headers: { Accept: 'text/event-stream' },
        });
        await stream.text(); // the stream ends with the run
        const { status, durationMs } = await server.get(`/api/runs/${runId}`);
        if (status !== 'completed') throw new Error(`The run of ${id} is ${status}.`);
        return durationMs;
      };
      await durationOf(wide); // warms up
      const widths = [];
      for (let round = 0; round < (quick ? 3 : 7); round++) widths.push(await durationOf(wide));
      return { perStep: (await durationOf(chain)) / count, sideBySide: median(widths) };
    });
    const single = await plainSpawns(count, 1);
    const many = await plainSpawns(quick ? 100 : 500, width);
    return [
      {
        what: `${count} steps one after the other, per step`,
        value: perStep,
        unit: 'ms',
        peer: { value: median(single.latencies), what: 'plain spawn' },
      },
      {
        what: `${width} steps side by side, all of them`,
        value: sideBySide,
        unit: 'ms',
        peer: { value: (width / many.rate) * 1000, what: `${width} plain spawns at once` },
      },
    ];
  });
}

async function oneAtATime(server, id, count) {
  const seen = [];
  const recorded = [];
  for (let index = 0; index < count + 5; index++) {
    const startedAt = performance.now();
    const { runId } = await server.post(`/api/projects/${id}/runs`);
    const stream = await fetch(`${server.url}/api/runs/${runId}/logs`, {
      headers: { Accept: 'text/event-stream' },
    });
    const text = await stream.text(); // the stream ends with the run
    seen.push(performance.now() - startedAt);
    if (!text.includes('"status":"completed","lastSeq":1}'))
      throw new Error(`Not what was expected:\n${text}`);
    recorded.push((await server.get(`/api/runs/${runId}`)).durationMs);
  }
  return { seen: seen.slice(5), recorded: recorded.slice(5) };
}

/** Each round starts one run per project and lasts until all of them have ended. The first round warms up. */
async function roundsOfRuns(server, ids, inFlight, rounds) {
  const paths = ids.map((id) => `/api/projects/${id}/runs`);
  const rates = [];
  let processorMsBefore = null;
  for (let round = 0; round < rounds; round++) {
    const startedAt = performance.now();
    await requests({ port: server.port, method: 'POST', paths, body: {}, inFlight, expectedStatus: 201 });
    await server.idle();
    rates.push(perSecond(ids.length, performance.now() - startedAt));
    if (round === 0) processorMsBefore = server.processorMs;
  }
  const processorMs =
    processorMsBefore === null
      ? null
      : (server.processorMs - processorMsBefore) / (ids.length * (rounds - 1));
  const { items } = await server.get('/api/runs?limit=200');
  const other = items.find(({ status }) => status !== 'completed');
  if (other) throw new Error(`A run ended as ${other.status}: ${JSON.stringify(other.error)}`);
  return { rates: rates.slice(1), processorMs };
}

export function logLines({ quick, profile }) {
  return inPlace(async (place) => {
    const stored = quick ? 100_000 : 500_000;
    const read = quick ? 5_000 : 100_000;
    const readers = 100;
    const gate = join(place.folder, 'gate');
    place.addProject('flood', `steps:\n  - { name: print, command: [seq, '1', '${stored}'] }`);
    // Waits until its readers are connected, then prints when it began. The pause at the end separates the last
    // line.
    const waiting = `while [ ! -e ${gate} ]; do sleep 0.02; done; date +%s%3N; seq 2 ${read}; sleep 0.3`;
    place.addProject('read', `steps:\n  - { name: print, command: [sh, -c, '${waiting}'] }`);

    return withServer(place, { profile }, async (server) => {
      const storeRates = [];
      for (let round = 0; round < 4; round++) {
        const startedAt = performance.now();
        const { runId } = await server.post('/api/projects/flood/runs');
        while (!(await hasLine(server, runId, stored))) await delay(10);
        storeRates.push(perSecond(stored, performance.now() - startedAt));
        await server.idle();
      }
      const { runId } = await server.post('/api/projects/read/runs');
      const reading = load({ kind: 'readers', port: server.port, runId, readers, lines: read });
      reading.result.catch(() => {});
      await Promise.race([reading.ready, reading.result]);
      writeFileSync(gate, '');
      const { bytes, lastLineAt } = await reading.result;
      const [{ text: beganAt }] = (await server.get(`/api/runs/${runId}/logs?limit=1`)).items;
      const ms = lastLineAt - Number(beganAt);
      return [
        {
          what: `log lines from one child to the store, ${stored.toLocaleString('en-US')} of them`,
          value: median(storeRates.slice(1)),
          unit: '/s',
          aim: '≥ 50,000',
          peer: { value: await plainLines(stored), what: 'split and counted' },
        },
        {
          what: `log lines delivered to ${readers} readers at once`,
          value: perSecond(read * readers, ms),
          unit: '/s',
        },
        { what: '  which is', value: perSecond(bytes / 1024 / 1024, ms), unit: 'MiB/s' },
      ];
    });
  });
}

async function hasLine(server, runId, seq) {
  return (await server.get(`/api/runs/${runId}/logs?after=${seq - 1}&limit=1`)).items.length > 0;
}

export function startUp({ quick }) {
  return inPlace(async (place) => {
    place.addProject('one', ECHO);
    const starts = [];
    let resident = null;
    for (let round = 0; round < (quick ? 3 : 7); round++) {
      const server = await ServerProcess.start(place);
      starts.push(server.startMs);
      if (round === 0) {
        for (let index = 0; index < 20; index++) await server.get('/api/runs');
        await delay(quick ? 1000 : 5000);
        resident = server.residentMebibytes;
      }
      await server.stop();
    }
    return [
      { what: 'start, from spawn to ready', value: median(starts.slice(1)) / 1000, unit: 's', aim: '≤ 1.2' },
      { what: 'memory at rest (RSS)', value: resident, unit: 'MiB', aim: '≤ 130' },
    ];
  });
}

export function lists({ quick, profile }) {
  return inPlace(async (place) => {
    const count = quick ? 100_000 : 1_000_000;
    place.addProject(RARE.projectId, ECHO);
    await withServer(place, {}, async () => {}); // creates the tables
    const { middle } = fillWithRuns(place.databaseFile, count);
    const size = count.toLocaleString('en-US');
    return withServer(place, { profile }, async (server) => {
      const page = async (what, query) => {
        const times = [];
        for (let index = 0; index < 30; index++) {
          const startedAt = performance.now();
          const { items } = await server.get(`/api/runs?${query}`);
          times.push(performance.now() - startedAt);
          if (items.length === 0) throw new Error(`No run for ${query}.`);
        }
        return { what: `page of ${size} runs, ${what}`, value: median(times), unit: 'ms', aim: '≤ 20' };
      };
      return [
        await page('first', 'limit=50'),
        await page('in the middle', `limit=50&cursor=${middle}`),
        await page('of a rare status', `limit=50&status=${RARE.status}`),
        await page('of a rare scope', `limit=50&scope=${encodeURIComponent(RARE.scope)}`),
        await page(
          'of a rare scope and a usual status',
          `limit=50&status=completed&scope=${encodeURIComponent(RARE.scope)}`,
        ),
        await page('of one project', `limit=50&projectId=${RARE.projectId}`),
        await page(
          'of one project and a rare scope',
          `limit=50&projectId=busy&scope=${encodeURIComponent(RARE.scope)}`,
        ),
        await page('of a day long ago', `limit=50&from=2020-02-01T00:00:00Z&to=2020-02-02T00:00:00Z`),
      ];
    });
  });
}
