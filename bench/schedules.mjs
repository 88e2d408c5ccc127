// Runs that are due at the same moment.
import { setTimeout as delay } from 'node:timers/promises';
import { percentile } from './figures.mjs';
import { Place, withServer } from './server-process.mjs';

const MINUTE_MS = 60_000;

/** Measures how long after their common due time the runs of many schedules are on disk. */
export async function schedules({ quick }) {
  const place = new Place();
  try {
    const count = quick ? 200 : 1000;
    const ids = place.addProjects('due', count, "executor: external\nschedule: { cron: '* * * * *' }");
    const lags = await withServer(place, {}, async (server) => {
      await untilFollowed(server, count);
      await delay(MINUTE_MS - (Date.now() % MINUTE_MS) + 15_000);
      const found = [];
      for (const id of ids) {
        const { items } = await server.get(`/api/projects/${id}/schedule/records?limit=200`);
        found.push(...items.filter(({ outcome }) => outcome === 'started'));
      }
      if (found.length !== count)
        throw new Error(`${found.length} of ${count} schedules have started a run.`);
      return found.map(({ dueAt, recordedAt }) => Date.parse(recordedAt) - Date.parse(dueAt));
    });
    const what = `${count} schedules due in one minute, delay of a start`;
    return [
      { what: `${what}, p50`, value: percentile(lags, 0.5), unit: 'ms' },
      { what: '  p99', value: percentile(lags, 0.99), unit: 'ms', aim: '≤ 1,000' },
      { what: '  longest', value: Math.max(...lags), unit: 'ms' },
    ];
  } finally {
    place.remove();
  }
}

/** Waits until the server has stored all schedules, and for a minute that has just begun. */
async function untilFollowed(server, count) {
  for (;;) {
    const health = JSON.stringify(await server.get('/api/health'));
    if (health.includes(`${count} schedules`) && Date.now() % MINUTE_MS < 50_000) return;
    await delay(500);
  }
}
