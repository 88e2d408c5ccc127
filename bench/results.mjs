// Measures the page with the rows of a live result, an SQLite file without indexes.
import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { timed } from './pages.mjs';
import { Place, withServer } from './server-process.mjs';

const ROWS = 20_000;
const NEW_ROWS = 200;
/** A quarter of them is not counted, so that 50 are. */
const ROUNDS = 68;
const KEY = 'key-of-the-workers-0123456789';
const TABLE =
  'name: jobs, title: title, link: url, newBy: run_id, columns: [company, place, salary, found_at], sort: found_at desc';
const PLACES = ['Berlin', 'Hamburg', 'Leipzig', 'Köln', null];

/** Measures the first page, a search, an order and the new rows, as pages and over REST. */
export async function results() {
  const place = new Place();
  try {
    place.addProject('jobs', `executor: external\nresult: { table: { ${TABLE} } }`);
    return await withServer(place, { environment: { JOBATO_API_KEY: KEY } }, async (server) => {
      await publish(place, server);
      const page = '/projects/jobs/results?view=all';
      const paths = {
        [`page of results with ${ROWS.toLocaleString('en-US')} rows`]: page,
        '  of today': '/projects/jobs/results?view=today',
        '  in another order': `${page}&sort=title`,
        '  with a search': `${page}&search=engineer+7`,
        '  with a search that finds nothing': `${page}&search=nowhere`,
        '  with a search beyond ASCII': `${page}&search=%C3%84hrenwert`,
        '  over REST': '/api/projects/jobs/results/rows?view=all',
      };
      const rows = [];
      for (const [what, path] of Object.entries(paths))
        rows.push({ what, value: (await timed(server, path, 200, ROUNDS)).ms, unit: 'ms', aim: '≤ 30' });
      const csv = await timed(server, '/api/projects/jobs/results/rows.csv?view=all', 200, 8);
      return [...rows, { what: '  all rows as CSV', value: csv.ms, unit: 'ms' }];
    });
  } finally {
    place.remove();
  }
}

async function publish(place, server) {
  const { runId } = await server.post('/api/projects/jobs/runs');
  mkdirSync(join(place.folder, 'data', 'work'), { recursive: true });
  const database = new BetterSqlite3(join(place.folder, 'data', 'work', 'jobs.db'));
  database.exec('CREATE TABLE jobs (title, company, place, salary INTEGER, found_at, url, text, run_id)');
  const add = database.prepare('INSERT INTO jobs VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
  database.transaction(() => {
    for (let index = 0; index < ROWS; index++) {
      add.run(
        `Data engineer ${(index * 7919) % ROWS}`,
        `Ährenwert ${index % 900} GmbH`,
        PLACES[index % PLACES.length],
        index % 3 === 0 ? null : 40_000 + ((index * 31) % 50_000),
        new Date(Date.UTC(2026, 0, 1) + ((index * 104_729) % ROWS) * 900_000).toISOString(),
        `https://jobs.example.com/offers/${index}`,
        'A description of the work. '.repeat(20),
        index % (ROWS / NEW_ROWS) === 0 ? runId : 'earlier',
      );
    }
  })();
  database.close();
  const event = {
    eventId: randomUUID(),
    eventType: 'run.completed',
    eventVersion: 1,
    occurredAt: new Date().toISOString(),
    runId,
    payload: { resultsDb: 'work/jobs.db' },
  };
  const response = await fetch(`${server.url}/api/internal/events`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Jobato-Api-Key': KEY },
    body: JSON.stringify(event),
  });
  if (!response.ok) throw new Error(await response.text());
  await server.idle();
}
