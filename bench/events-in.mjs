import BetterSqlite3 from 'better-sqlite3';
import { median, perSecond } from './figures.mjs';
import { HelperProcess } from './helper-process.mjs';
import { withRedis } from './redis-process.mjs';
import { Place, withServer } from './server-process.mjs';

const RUNS = 100;

/**
 * Measures events per second from sending to acknowledgement: read from the stream, applied to their runs and
 * durable.
 */
export async function events({ quick, profile }) {
  return withRedis(async ({ url }) => {
    const place = new Place();
    const sender = HelperProcess.start('./event-sender.mjs');
    try {
      const ids = place.addProjects('outside', RUNS, 'executor: external');
      return await withServer(
        place,
        { environment: { WORKER: 'off', REDIS_URL: url }, profile },
        async (server) => {
          const runIds = [];
          for (const id of ids) runIds.push((await server.post(`/api/projects/${id}/runs`)).runId);
          await sender.call('open', { url, runIds });
          const count = quick ? 10_000 : 40_000;
          const rates = { oneByOne: [], byTheBatch: [] };
          for (let round = 0; round < (quick ? 2 : 4); round++) {
            for (const how of Object.keys(rates)) {
              const before = appliedProgress(place);
              const { ms } = await sender.call(how, { count, size: 200 });
              const applied = appliedProgress(place) - before;
              if (applied !== count) throw new Error(`Of ${count} events ${applied} were applied.`);
              if (round > 0) rates[how].push(perSecond(count, ms));
            }
          }
          return [
            {
              what: 'run.progress applied, each sent by itself',
              value: median(rates.oneByOne),
              unit: '/s',
              aim: '≥ 10,000',
            },
            {
              what: 'run.progress applied, sent 200 at a time',
              value: median(rates.byTheBatch),
              unit: '/s',
              aim: '≥ 20,000',
            },
          ];
        },
      );
    } finally {
      await sender.stop();
      place.remove();
    }
  });
}

/** Returns the number of applied events; the inbox stores each of them once. */
function appliedProgress(place) {
  const database = new BetterSqlite3(place.databaseFile, { readonly: true });
  try {
    return database
      .prepare(
        "SELECT COUNT(*) FROM applied_events WHERE event_type = 'run.progress' AND outcome = 'applied'",
      )
      .pluck()
      .get();
  } finally {
    database.close();
  }
}
