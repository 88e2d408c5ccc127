// Drives whole runs from outside: starts each over HTTP, and reads its end from the database row.
import BetterSqlite3 from 'better-sqlite3';
import Redis from 'ioredis';
import { allAcknowledged } from './api-group.mjs';
import { serve } from './helper-process.mjs';
import { inFlight } from './in-flight.mjs';
import { followToEnd, LeanConnection } from './lean-connection.mjs';

let port;
let projectIds;
let redis;
let ends;
let turn = 0;

serve({
  open(options) {
    ({ port, projectIds } = options);
    redis = new Redis(options.url);
    ends = new Ends(options.databaseFile);
  },
  /** Measures `count` runs from the call to the completed row, until all their events are acknowledged. */
  async lives({ count, places }) {
    const connections = await openConnections(places);
    const startedAt = performance.now();
    const { latencies } = await inFlight(count, places, async (_index, place) => {
      await ends.of(await trigger(connections[place]), places === 1);
    });
    await allAcknowledged(redis);
    const ms = performance.now() - startedAt;
    for (const connection of connections) connection.close();
    return { ms, latencies };
  },
  /** Measures one run at a time, as a client sees it that follows the run's stream over HTTP. */
  async followed({ count }) {
    const [connection] = await openConnections(1);
    const { latencies } = await inFlight(count, 1, async () => {
      await followToEnd(port, `/api/runs/${await trigger(connection)}/logs`);
    });
    connection.close();
    return { latencies };
  },
});

function openConnections(count) {
  return Promise.all(Array.from({ length: count }, () => LeanConnection.open(port)));
}

/** Rotates through the projects, so that none has an active run yet. */
async function trigger(connection) {
  const projectId = projectIds[turn++ % projectIds.length];
  const { status, body } = await connection.send('POST', `/api/projects/${projectId}/runs`, {});
  if (status !== 201) throw new Error(`Answered with ${status}: ${body}`);
  return JSON.parse(body).runId;
}

/**
 * Polls the database file from this process, because polling the server would add load to it. A poll without
 * changes takes a few microseconds.
 */
class Ends {
  constructor(databaseFile) {
    this.database = new BetterSqlite3(databaseFile, { readonly: true });
    this.version = this.database.prepare('PRAGMA data_version').pluck();
    this.ended = this.database.prepare(
      `SELECT run_id, status FROM runs WHERE status <> 'running'
       AND run_id IN (SELECT value FROM json_each(?))`,
    );
    this.waiting = new Map();
    this.looking = false;
  }

  /** @param isUrgent polls every 0.1 ms; otherwise every 1 ms, which leaves the CPU to other processes */
  of(runId, isUrgent) {
    return new Promise((resolve, reject) => {
      this.waiting.set(runId, { resolve, reject });
      if (!this.looking) void this.look(isUrgent);
    });
  }

  async look(isUrgent) {
    this.looking = true;
    let seen = null;
    let known = 0;
    while (this.waiting.size > 0) {
      const version = this.version.get();
      if (version !== seen || this.waiting.size !== known) {
        for (const { run_id: runId, status } of this.ended.all(JSON.stringify([...this.waiting.keys()]))) {
          const { resolve, reject } = this.waiting.get(runId);
          this.waiting.delete(runId);
          if (status === 'completed') resolve();
          else reject(new Error(`A run ended as ${status}.`));
        }
        seen = version;
        known = this.waiting.size;
      }
      await (isUrgent ? shortPause() : new Promise((next) => setTimeout(next, 1)));
    }
    this.looking = false;
  }
}

const neverWoken = new Int32Array(new SharedArrayBuffer(4));

/** Timers have a resolution of 1 ms. */
function shortPause() {
  Atomics.wait(neverWoken, 0, 0, 0.1);
  return new Promise((next) => setImmediate(next));
}
