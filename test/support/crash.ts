import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { Redis } from 'ioredis';
import { processesWithEnvironment } from '../../src/executor/process-group';
import { decodeLines } from '../../src/logs/log-chunk';
import type { RunView } from '../../src/runs/run-view';
import { type Folders, isOnRedis, makeFolders, redisKeys, ServerProcess } from './jobato';
import type { RunEventMap } from '../../src/events/run-event';
import { untilOrThrow } from './until';

/** The limit for recoveries that take at most 2 s on an idle machine; a busy machine needs more. */
export const RECOVERS_WITHIN_MS = 60_000;
export const CRASHING_SERVER = join(__dirname, 'crashing-server.cjs');
const FAMILY_STEP = join(__dirname, 'family-step.cjs');

export type Behaviour = 'ends' | 'stays' | 'stubborn';

/** Returns a project with one step that starts further processes; see family-step.cjs. */
export function familyProject(id: string, behaviour: Behaviour, maxAttempts: number, more = ''): string {
  return `id: ${id}
retry: { maxAttempts: ${maxAttempts} }
${more}steps:
  - name: work
    command: [${JSON.stringify(process.execPath)}, ${JSON.stringify(FAMILY_STEP)}]
    env: { BEHAVIOUR: ${behaviour} }
`;
}

/** Tracks the servers, folders and processes of a test, and removes them however the test ends. */
export class Belongings {
  private readonly servers = new Set<ServerProcess>();
  private readonly folders = new Set<Folders>();

  makeFolders(projects: Record<string, string>): Folders {
    const folders = makeFolders(projects);
    this.folders.add(folders);
    return folders;
  }

  async start(
    folders: Folders,
    environment: Record<string, string> = {},
    program?: string,
  ): Promise<ServerProcess> {
    const server = await ServerProcess.start(folders, environment, program);
    this.servers.add(server);
    return server;
  }

  startCrashing(
    folders: Folders,
    point: string,
    environment: Record<string, string> = {},
  ): Promise<ServerProcess> {
    return this.start(folders, { ...environment, CRASH_AT: point }, CRASHING_SERVER);
  }

  async clear(): Promise<void> {
    await Promise.all([...this.servers].map((server) => server.end('SIGKILL')));
    for (const folders of this.folders) {
      for (const pid of livingOf(folders)) killIfThere(pid);
      rmSync(folders.root, { recursive: true, force: true });
    }
    this.servers.clear();
    this.folders.clear();
  }
}

/** Returns the live processes of all runs of this data folder, including those that left their group. */
export function livingOf({ dataDir }: Folders): number[] {
  return processesWithEnvironment(`JOBATO_RUN_DIR=${join(dataDir, 'runs')}/`);
}

export function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // The process has already ended.
  }
}

/** Resolves after the process has ended for any reason. */
export async function gone({ child }: ServerProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    await within(RECOVERS_WITHIN_MS, 'the end of the server', once(child, 'exit'));
  }
}

/** Rejects with the name of the awaited event if the promise takes longer. */
export async function within<Result>(ms: number, what: string, promise: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Waited ${ms} ms without result for ${what}.`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Polls until the condition holds; for changes without a signal, such as a row in a table. */
export async function eventually(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  ms = RECOVERS_WITHIN_MS,
): Promise<void> {
  const deadline = Date.now() + ms;
  await untilOrThrow(isSo, () => {
    if (Date.now() > deadline) throw new Error(`Waited ${ms} ms without result for ${what}.`);
  });
}

/** Returns the response to a trigger, or null if the server died before responding. */
export async function tryTrigger(
  server: ServerProcess,
  projectId: string,
  body: object = {},
): Promise<RunView | null> {
  try {
    return await server.trigger(projectId, body);
  } catch (error) {
    if ((error as Error).message === 'fetch failed') return null; // the connection broke
    throw error;
  }
}

export async function runsOf(server: ServerProcess): Promise<RunView[]> {
  const response = await fetch(`${server.url}/api/runs?limit=200`);
  return ((await response.json()) as { items: RunView[] }).items;
}

export async function eventsOf(
  server: Pick<ServerProcess, 'url'>,
  runId: string,
): Promise<{ eventType: string; outcome: string; payload: RunEventMap['run.progress'] }[]> {
  const response = await fetch(`${server.url}/api/runs/${runId}/events?limit=200`);
  return ((await response.json()) as { items: never[] }).items;
}

export async function logOf(server: ServerProcess, runId: string): Promise<string[]> {
  const response = await fetch(`${server.url}/api/runs/${runId}/logs`, { headers: { accept: 'text/plain' } });
  return (await response.text()).split('\n').slice(0, -1);
}

/** Returns the attempt of each actual execution of a run, as recorded by the steps. */
export function executionsOf({ dataDir }: Folders, runId: string): string[] {
  const workDir = join(dataDir, 'work');
  const projectIds = existsSync(workDir) ? readdirSync(workDir) : [];
  const books = projectIds
    .map((id) => join(workDir, id, `family-${runId}`))
    .filter((book) => existsSync(book));
  return books.flatMap((book) =>
    readFileSync(book, 'utf8')
      .split('\n')
      .filter((line) => line.includes(' step '))
      .map((line) => line.split(' ')[0]!),
  );
}

/** Reads the database while the server may be running. */
export function inDatabase<Result>(
  { dataDir }: Folders,
  look: (database: BetterSqlite3.Database) => Result,
): Result {
  const database = new BetterSqlite3(join(dataDir, 'db', 'jobato.db'), { readonly: true });
  try {
    return look(database);
  } finally {
    database.close();
  }
}

/** Puts an event on the stream without a running server. @returns its id */
export async function putOnStream(
  folders: Folders,
  { eventType, runId = randomUUID(), payload = {} }: { eventType: string; runId?: string; payload?: object },
): Promise<string> {
  const eventId = randomUUID();
  const at = new Date().toISOString();
  const fields = {
    eventId,
    eventType,
    eventVersion: '1',
    occurredAt: at,
    runId,
    payload: JSON.stringify(payload),
  };
  if (isOnRedis()) {
    await onRedis((redis) => redis.xadd(redisKeys(folders).events, '*', ...Object.entries(fields).flat()));
    return eventId;
  }
  const database = new BetterSqlite3(join(folders.dataDir, 'db', 'jobato.db'));
  try {
    database
      .prepare('INSERT INTO stream_entries (fields, added_at) VALUES (?, ?)')
      .run(JSON.stringify(fields), at);
  } finally {
    database.close();
  }
  return eventId;
}

function count(database: BetterSqlite3.Database, sql: string): number {
  return (database.prepare(`SELECT COUNT(*) AS count FROM ${sql}`).get() as { count: number }).count;
}

/** Returns the number of requests for a run on the stream. */
export function requestsOnStream(folders: Folders, runId: string): Promise<number> {
  if (isOnRedis()) {
    return onRedis(
      async (redis) =>
        (await redis.xrange(redisKeys(folders).events, '-', '+')).filter(
          ([, fields]) => fields.includes('run.requested') && fields.includes(runId),
        ).length,
    );
  }
  return Promise.resolve(
    inDatabase(
      folders,
      (database) =>
        database.prepare('SELECT id FROM stream_entries WHERE fields LIKE ?').all(`%run.requested%${runId}%`)
          .length,
    ),
  );
}

/**
 * Waits until the system is idle: the outbox is empty, and these groups have delivered and acknowledged all
 * entries.
 */
export function untilQuiet(folders: Folders, groups = ['jobato-api', 'jobato-workers']): Promise<void> {
  const names = groups.map((name) => `'${name}'`).join(', ');
  return eventually('an empty outbox and no event in the air', async () => {
    if (isOnRedis()) {
      const isQuiet = inDatabase(folders, (database) => count(database, 'outbox') === 0);
      return isQuiet && (await onRedis((redis) => isReadOut(redis, folders, groups)));
    }
    return inDatabase(
      folders,
      (database) =>
        count(database, 'outbox') === 0 &&
        count(database, `stream_pending WHERE group_name IN (${names})`) === 0 &&
        count(
          database,
          `stream_groups WHERE group_name IN (${names})
             AND last_delivered_id < (SELECT COALESCE(MAX(id), 0) FROM stream_entries)`,
        ) === 0,
    );
  });
}

/** Raises the idle time of the API's pending entries, because Redis' clock cannot be set. */
export async function agePending(folders: Folders, ms: number): Promise<void> {
  if (!isOnRedis()) return;
  const { events } = redisKeys(folders);
  await onRedis(async (redis) => {
    const pending = (await redis.xpending(events, 'jobato-api', '-', '+', 1000)) as [string, string][];
    for (const [id, consumer] of pending) {
      await redis.xclaim(events, 'jobato-api', consumer, 0, id, 'IDLE', ms, 'JUSTID');
    }
  });
}

/** Returns true if each of the groups has received and acknowledged all entries of its streams. */
async function isReadOut(redis: Redis, folders: Folders, groups: string[]): Promise<boolean> {
  for (const key of Object.values(redisKeys(folders))) {
    const states = (await redis.xinfo('GROUPS', key).catch(() => [])) as unknown[][];
    for (const state of states) {
      const of = (name: string) => state[state.indexOf(name) + 1];
      if (!groups.includes(String(of('name')))) continue;
      if (of('pending') !== 0 || of('lag') !== 0) return false;
    }
  }
  return true;
}

async function onRedis<Result>(use: (redis: Redis) => Promise<Result>): Promise<Result> {
  const redis = new Redis(process.env.JOBATO_TEST_REDIS_URL!);
  try {
    return await use(redis);
  } finally {
    redis.disconnect();
  }
}

/** Checks the invariants of every database at every time, also after crashes. @returns the violations */
export function flawsOf(folders: Folders): string[] {
  return inDatabase(folders, (database) => {
    const flaws: string[] = [];
    const none = (what: string, sql: string) => {
      const found = count(database, sql);
      if (found > 0) flaws.push(`${found} × ${what}`);
    };
    none(
      'project with two running runs',
      "(SELECT 1 FROM runs WHERE status = 'running' GROUP BY project_id HAVING COUNT(*) > 1)",
    );
    none('ended run without its end', "runs WHERE (status = 'running') <> (ended_at IS NULL)");
    none(
      'run that was never asked for',
      "runs WHERE NOT EXISTS (SELECT 1 FROM applied_events e WHERE e.run_id = runs.run_id AND e.event_type = 'run.requested')",
    );
    none('event of a run that is not there', 'applied_events WHERE run_id NOT IN (SELECT run_id FROM runs)');
    none(
      'run without its definition',
      'runs WHERE definition_hash NOT IN (SELECT definition_hash FROM definitions)',
    );
    none('event applied twice', '(SELECT 1 FROM applied_events GROUP BY event_id HAVING COUNT(*) > 1)');
    none(
      'run that ended twice',
      `(SELECT 1 FROM applied_events WHERE to_phase IN ('completed', 'partial', 'failed', 'cancelled') GROUP BY run_id HAVING COUNT(*) > 1)`,
    );
    none('event rejected twice', '(SELECT 1 FROM rejected_events GROUP BY entry_id HAVING COUNT(*) > 1)');
    none(
      'ended run with a step under way',
      `runs WHERE status <> 'running' AND (steps LIKE '%"status":"running"%' OR steps LIKE '%"status":"pending"%')`,
    );
    flaws.push(...logFlaws(database));
    return flaws;
  });
}

function logFlaws(database: BetterSqlite3.Database): string[] {
  const flaws: string[] = [];
  const chunks = database
    .prepare('SELECT run_id, first_seq, last_seq, lines FROM log_chunks ORDER BY run_id, last_seq')
    .all() as { run_id: string; first_seq: number; last_seq: number; lines: string }[];
  const ends = new Map<string, number>();
  const seen = new Set<string>();
  for (const { run_id: runId, first_seq: first, last_seq: last, lines } of chunks) {
    const before = ends.get(runId) ?? 0;
    if (first !== before + 1) flaws.push(`log of ${runId}: line ${first} follows line ${before}`);
    ends.set(runId, last);
    const decoded = decodeLines(first, lines);
    if (decoded.length !== last - first + 1)
      flaws.push(`log of ${runId}: a chunk lacks lines before ${last}`);
    for (const { text } of decoded) {
      // Steps number their lines, so each may appear only once; other lines may repeat.
      if (!/line \d+$/.test(text)) continue;
      if (seen.has(`${runId} ${text}`)) flaws.push(`log of ${runId}: "${text}" is there twice`);
      seen.add(`${runId} ${text}`);
    }
  }
  for (const { run_id: runId, last_seq: last } of database
    .prepare('SELECT run_id, last_seq FROM log_ends')
    .all() as { run_id: string; last_seq: number }[]) {
    if ((ends.get(runId) ?? 0) !== last)
      flaws.push(`log of ${runId}: ends at ${last}, but has ${ends.get(runId)}`);
  }
  return flaws;
}

/** Prints a measured time as one line, without the stack that Jest adds to console output. */
export function tell(text: string): void {
  process.stderr.write(`${text}\n`);
}
