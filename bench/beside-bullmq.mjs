import { setTimeout as delay } from 'node:timers/promises';
import { median, percentile, perSecond } from './figures.mjs';
import { HelperProcess } from './helper-process.mjs';
import { Place, withServer } from './server-process.mjs';
import { peersInstalled } from './peers-installed.mjs';
import { withRedis } from './redis-process.mjs';

const MANY = 50;
const QUEUE = 'no-op';

/**
 * Compares whole runs with BullMQ jobs on the same Redis, in alternating rounds. The two do different work. BullMQ
 * has no HTTP, and its jobs are lost with their Redis; Jobato responds after the run is on disk.
 */
export async function bullmq({ quick, profile }) {
  const { bullmq: version } = peersInstalled();
  return withRedis(async ({ url, port, version: redisVersion }) => {
    const place = new Place();
    const helpers = [];
    const start = (file) => {
      const helper = HelperProcess.start(file);
      helpers.push(helper);
      return helper;
    };
    try {
      const projectIds = place.addProjects('outside', 500, 'executor: external');
      return await withServer(
        place,
        { environment: { WORKER: 'off', REDIS_URL: url }, profile },
        async (server) => {
          const connection = { host: '127.0.0.1', port };
          await start('./no-op-worker.mjs').call('start', { url });
          await start('./peers/bullmq-worker.mjs').call('start', { connection, name: QUEUE });
          const jobato = start('./lifecycle-driver.mjs');
          await jobato.call('open', { port: server.port, url, projectIds, databaseFile: place.databaseFile });
          const bull = start('./peers/bullmq-driver.mjs');
          await bull.call('open', { connection, name: QUEUE });

          const many = await inTurns(
            bull,
            jobato,
            { count: quick ? 1000 : 4000, places: MANY },
            quick ? 2 : 4,
          );
          const single = await inTurns(bull, jobato, { count: quick ? 100 : 400, places: 1 }, quick ? 2 : 3);
          const { latencies: followed } = await jobato.call('followed', { count: quick ? 50 : 300 });
          return rows(many, single, followed, `BullMQ ${version} on Redis ${redisVersion}`);
        },
      );
    } finally {
      await Promise.all(helpers.map((helper) => helper.stop()));
      place.remove();
    }
  });
}

/** The first round of each warms up and does not count. */
async function inTurns(bull, jobato, job, rounds) {
  const measured = { bull: [], jobato: [] };
  for (let round = 0; round <= rounds; round++) {
    for (const [name, driver] of Object.entries({ bull, jobato })) {
      const result = await driver.call('lives', job);
      if (round > 0) measured[name].push({ ...result, rate: perSecond(job.count, result.ms) });
      await delay(100); // lets remaining work finish before the other system's round
    }
  }
  return measured;
}

function rows(many, single, followed, peer) {
  const rate = (results) => median(results.map((result) => result.rate));
  const latencies = (results) => results.flatMap((result) => result.latencies);
  const ratios = many.jobato.map((result, round) => result.rate / many.bull[round].rate);
  const beside = (share) => ({ value: percentile(latencies(single.bull), share), what: peer });
  return [
    {
      what: `whole runs over HTTP and Redis, ${MANY} in flight`,
      value: rate(many.jobato),
      unit: '/s',
      peer: { value: rate(many.bull), what: peer },
    },
    { what: '  ratio, median of the rounds', value: median(ratios), unit: '×', aim: '≥ 1.0' },
    {
      what: '  call to end, p99',
      value: percentile(latencies(many.jobato), 0.99),
      unit: 'ms',
      peer: { value: percentile(latencies(many.bull), 0.99), what: peer },
    },
    {
      what: 'the same one at a time, call to ended row, p50',
      value: percentile(latencies(single.jobato), 0.5),
      unit: 'ms',
      aim: '≤ 2.5',
      peer: beside(0.5),
    },
    { what: '  p99', value: percentile(latencies(single.jobato), 0.99), unit: 'ms', peer: beside(0.99) },
    { what: '  as a follower of its stream sees it, p50', value: percentile(followed, 0.5), unit: 'ms' },
  ];
}
