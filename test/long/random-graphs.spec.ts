import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunView } from '../../src/runs/run-view';
import { Belongings, eventually, flawsOf, livingOf, tell, tryTrigger } from '../support/crash';
import {
  type Act,
  faultsOf,
  isAllowedInFile,
  type RandomGraph,
  randomGraph,
  type Trace,
} from '../support/graph-model';
import { type Folders, type ServerProcess } from '../support/jobato';
import { SeededRandom } from '../support/random';

const SEED = Number(process.env.GRAPH_SEED ?? Date.now() % 1_000_000);
const GRAPHS = Number(process.env.GRAPHS ?? 60);
const KILLS = 6;
/** A simulated millisecond of the model takes this long. */
const SCALE_MS = 10;
/** Timers and the wall clock are rounded, each in its own way. */
const TIMER_MS = 2;
/** A busy machine may deliver a stop this much later. */
const STOP_TAKES_MS = 10_000;

const belongings = new Belongings();
afterEach(() => belongings.clear());

/** A step that notes its start and its end in a file, and fails or hangs as its act says. */
function stepOf({ graph, attempts, delay }: Act, random: SeededRandom): string {
  const hangs = attempts.map(({ succeeds }) => !succeeds && random.integer(0, 3) === 0);
  const cases = attempts.map(({ takes, succeeds }, index) => {
    const seconds = hangs[index] ? '60' : ((takes * SCALE_MS) / 1000).toFixed(2);
    return `${index + 1}) sleep ${seconds}; note ends; exit ${succeeds ? 0 : 3};;`;
  });
  const script = [
    'note() { echo "$JOBATO_RUN_ID $JOBATO_ATTEMPT $JOBATO_STEP $JOBATO_STEP_ATTEMPT $1" >> "$JOBATO_WORK_DIR/book"; }',
    'note begins',
    `case "$JOBATO_STEP_ATTEMPT" in ${cases.join(' ')} esac`,
  ].join('\n');
  const keys = {
    name: graph.name,
    command: ['sh', '-c', script],
    when: graph.when,
    continueOnError: graph.continueOnError,
    ...(graph.needs !== null && { needs: graph.needs }),
    ...(hangs.includes(true) && { timeoutSeconds: 1 }),
    ...(attempts.length > 1 && {
      retry: { maxAttempts: attempts.length, delaySeconds: (delay * SCALE_MS) / 1000, backoff: 1 },
    }),
  };
  return `  - ${JSON.stringify(keys)}`;
}

function allowedGraph(random: SeededRandom): RandomGraph {
  for (;;) {
    const graph = randomGraph(random);
    if (isAllowedInFile(graph)) return graph;
  }
}

function projectOf(id: string, { acts, parallel }: RandomGraph, random: SeededRandom): string {
  const steps = acts.map((act) => stepOf(act, random)).join('\n');
  return `id: ${id}\nparallel: ${parallel}\nretry: { maxAttempts: 4 }\nsteps:\n${steps}\n`;
}

/** Returns what a run did, in milliseconds since its start. */
function traceOf({ steps, startedAt }: RunView): Trace {
  const since = (at: string | null) => (at === null ? Infinity : Date.parse(at) - Date.parse(startedAt));
  return {
    spans: steps.flatMap(({ name, attempts }) =>
      attempts.map((attempt) => ({
        name,
        attempt: attempt.number,
        from: since(attempt.startedAt),
        to: since(attempt.endedAt),
      })),
    ),
    outcomes: Object.fromEntries(
      steps.map(({ name, status }) => [name, status as Trace['outcomes'][string]]),
    ),
    isDone: steps.every(({ status }) => status !== 'pending' && status !== 'running'),
  };
}

function bookOf({ dataDir }: Folders, projectId: string): string[] {
  const file = join(dataDir, 'work', projectId, 'book');
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
}

/** The status of a run by the rules of the documentation. */
function statusOf({ acts }: RandomGraph, { steps, cancelRequestedAt }: RunView): string[] {
  const failed = steps.filter(({ status }) => status === 'failed').map(({ name }) => name);
  const isLenient = (name: string) => acts.find(({ graph }) => graph.name === name)!.graph.continueOnError;
  const isHard = failed.some((name) => !isLenient(name));
  const wasStopped =
    cancelRequestedAt !== null && steps.some(({ status }) => status === 'cancelled' || status === 'skipped');
  if (isHard && wasStopped) return ['failed', 'cancelled'];
  if (isHard) return ['failed'];
  const rest = failed.length > 0 ? 'partial' : 'completed';
  return wasStopped ? ['cancelled', rest] : [rest];
}

it(`random graphs run as the model says, also when the server is killed (GRAPH_SEED=${SEED})`, async () => {
  const random = new SeededRandom(SEED);
  const graphs = new Map(Array.from({ length: GRAPHS }, (_, index) => [`g${index}`, allowedGraph(random)]));
  const folders = belongings.makeFolders(
    Object.fromEntries([...graphs].map(([id, graph]) => [id, projectOf(id, graph, random)])),
  );
  let server: ServerProcess = await belongings.start(folders, { WORKER_CONCURRENCY: '8' });
  const runs = new Map<string, string>();
  const stops: Promise<void>[] = [];
  const stopLater = async (runId: string, ms: number) => {
    await new Promise((resolve) => setTimeout(resolve, ms));
    await fetch(`${server.url}/api/runs/${runId}`, { method: 'DELETE' }).catch(() => undefined);
  };
  const killBefore = new Set(
    Array.from({ length: KILLS }, (_, kill) => Math.floor(((kill + 1) * GRAPHS) / (KILLS + 1))),
  );
  let started = 0;
  for (const [id, { stopAt }] of graphs) {
    if (killBefore.has(started++)) {
      await server.end('SIGKILL');
      server = await belongings.start(folders, { WORKER_CONCURRENCY: '8' });
    }
    const run = await tryTrigger(server, id);
    runs.set(id, run!.runId);
    if (stopAt !== null) stops.push(stopLater(run!.runId, stopAt * SCALE_MS));
    // Most runs overlap, some are alone.
    if (random.integer(0, 3) === 0) await server.untilEnded(run!.runId);
  }
  await Promise.all(stops);

  const faults: string[] = [];
  let lost = 0;
  for (const [id, graph] of graphs) {
    const runId = runs.get(id)!;
    await eventually(`the end of ${id}`, async () => (await server.get(runId)).status !== 'running');
    const run = await server.get(runId);
    if (run.attempt > 1) lost++;
    const { cancelRequestedAt, startedAt } = run;
    const stopAt = cancelRequestedAt === null ? null : Date.parse(cancelRequestedAt) - Date.parse(startedAt);
    const slow = {
      ...graph,
      stopAt,
      acts: graph.acts.map((act) => ({ ...act, delay: act.delay * SCALE_MS - TIMER_MS })),
    };
    // A run whose last attempt was lost, and one that was stopped before it began, have no whole trace.
    const isWhole = run.error?.code !== 'WORKER_LOST' && run.workerId !== null;
    const wrong = isWhole ? faultsOf(slow, traceOf(run), STOP_TAKES_MS) : [];
    if (isWhole && !statusOf(graph, run).includes(run.status)) wrong.push(`the run is ${run.status}`);
    const begun = bookOf(folders, id).filter((line) => line.endsWith('begins'));
    const twice = begun.filter((line, index) => begun.indexOf(line) !== index);
    wrong.push(...twice.map((line) => `ran twice: ${line}`));
    if (wrong.length > 0) faults.push(`${id}: ${wrong.join('; ')}\n${JSON.stringify({ slow, run })}`);
  }
  tell(`GRAPH_SEED=${SEED}: ${GRAPHS} graphs, ${KILLS} kills, ${lost} runs with a further attempt`);
  if (faults.length > 0) appendFileSync('/dev/stderr', `${faults.join('\n')}\n`);
  expect({ seed: SEED, faults: faults.length, flaws: flawsOf(folders), living: livingOf(folders) }).toEqual({
    seed: SEED,
    faults: 0,
    flaws: [],
    living: [],
  });
});
