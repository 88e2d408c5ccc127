import type { RunView } from '../../src/runs/run-view';
import {
  Belongings,
  eventually,
  executionsOf,
  familyProject,
  flawsOf,
  livingOf,
  runsOf,
  tell,
  tryTrigger,
  untilQuiet,
} from '../support/crash';
import { nodeStep, type ServerProcess } from '../support/jobato';

const SEED = Number(process.env.CRASH_SEED ?? Date.now() % 1_000_000);
const KILLS = Number(process.env.CRASH_KILLS ?? 25);
const TIME_MS = 55_000;
/** The promised limit; a lease left open by a crash takes half of it. */
const ENDED_WITHIN_MS = 60_000;

/** Returns pseudo-random numbers from 0 to 1 for a seed (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const belongings = new Belongings();
afterEach(() => belongings.clear());

/** A client that records every response, and reports any change of a final state. */
class Client {
  readonly accepted = new Set<string>();
  readonly complaints: string[] = [];
  private readonly ends = new Map<string, string>();

  constructor(
    private readonly random: () => number,
    private readonly projects: string[],
  ) {}

  /** Triggers, stops and polls until aborted. A server that has just died is not a complaint. */
  async use(server: ServerProcess, until: AbortSignal): Promise<void> {
    while (!until.aborted) {
      try {
        await this.actOnce(server);
      } catch (error) {
        if (!until.aborted && !/fetch failed|terminated|Not accepted.*RUN_IN_PROGRESS/.test(String(error))) {
          this.complaints.push(String(error));
        }
      }
    }
  }

  async look(server: ServerProcess): Promise<RunView[]> {
    // Two polls may overlap, and the earlier response may arrive last, so it is compared with the state known
    // before it.
    const endedBefore = new Set(this.ends.keys());
    const runs = await runsOf(server);
    const running = runs.filter(({ status }) => status === 'running').map(({ projectId }) => projectId);
    if (new Set(running).size !== running.length)
      this.complaints.push(`two runs at once: ${running.join(', ')}`);
    for (const run of runs) {
      if (run.status === 'running') {
        if (endedBefore.has(run.runId)) this.complaints.push(`${run.runId} had ended and runs again`);
        continue;
      }
      const end = JSON.stringify([run.status, run.statusReason, run.endedAt, run.steps, run.attempt]);
      const known = this.ends.get(run.runId) ?? end;
      if (known !== end) this.complaints.push(`${run.runId} ended as ${known}, then as ${end}`);
      this.ends.set(run.runId, end);
    }
    return runs;
  }

  private async actOnce(server: ServerProcess): Promise<void> {
    const what = this.random();
    if (what < 0.5) {
      const project = this.projects[Math.floor(this.random() * this.projects.length)]!;
      const run = await tryTrigger(server, project);
      if (run) this.accepted.add(run.runId);
    } else if (what < 0.65) {
      const running = (await this.look(server)).filter(({ status }) => status === 'running');
      const chosen = running[Math.floor(this.random() * running.length)];
      if (chosen) await fetch(`${server.url}/api/runs/${chosen.runId}`, { method: 'DELETE' });
    } else {
      await this.look(server);
    }
    await new Promise((next) => setTimeout(next, this.random() * 30));
  }
}

it(`the server recovers from kills at random moments (CRASH_SEED=${SEED})`, async () => {
  const random = randomNumbers(SEED);
  const numbered = (lines: number, everyMs: number) =>
    `let line = 0; const write = () => { console.log(process.env.JOBATO_ATTEMPT + ' line ' + ++line);` +
    ` if (line < ${lines}) setTimeout(write, ${everyMs}); }; write()`;
  const folders = belongings.makeFolders({
    quick: nodeStep(
      'quick',
      "console.log(process.env.JOBATO_ATTEMPT + ' line 1')",
      'retry: { maxAttempts: 3 }\n',
    ),
    talks: nodeStep('talks', numbered(200, 3), 'retry: { maxAttempts: 2 }\n'),
    lasts: nodeStep('lasts', numbered(40, 50)),
    fails: nodeStep('fails', "console.error('no'); process.exit(3)", 'retry: { maxAttempts: 2 }\n'),
    family: familyProject('family', 'stays', 50),
  });
  const client = new Client(random, ['quick', 'talks', 'lasts', 'fails', 'family']);
  const endBy = Date.now() + TIME_MS;
  let kills = 0;
  for (; kills < KILLS && Date.now() < endBy; kills++) {
    const server = await belongings.start(folders, { WORKER_CONCURRENCY: '4' });
    const over = new AbortController();
    const clients = [client.use(server, over.signal), client.use(server, over.signal)];
    await new Promise((next) => setTimeout(next, random() ** 2 * 1200));
    await server.end('SIGKILL');
    over.abort();
    await Promise.all(clients);
    expect({ seed: SEED, kills, flaws: flawsOf(folders) }).toEqual({ seed: SEED, kills, flaws: [] });
  }

  const last = await belongings.start(folders, { WORKER_CONCURRENCY: '8' });
  let runs: RunView[] = [];
  const running = () => runs.filter(({ status }) => status === 'running');
  await eventually(
    'every run to have ended',
    async () => {
      runs = await client.look(last);
      // This step runs until it is killed, and the last life is not killed, so the test stops steps that start in
      // it.
      const families = running().filter(({ projectId, attempt }) => projectId === 'family' && attempt === 1);
      for (const { runId } of families) await fetch(`${last.url}/api/runs/${runId}`, { method: 'DELETE' });
      return running().length === 0;
    },
    ENDED_WITHIN_MS,
  ).catch((error: Error) => {
    throw new Error(`${error.message} CRASH_SEED=${SEED}: ${JSON.stringify(running(), null, 2)}`);
  });
  await untilQuiet(folders);
  tell(
    `CRASH_SEED=${SEED}: ${kills} kills, ${client.accepted.size} runs accepted, ${runs.length} runs seen last`,
  );

  expect({ seed: SEED, complaints: client.complaints, flaws: flawsOf(folders) }).toEqual({
    seed: SEED,
    complaints: [],
    flaws: [],
  });
  expect(livingOf(folders)).toEqual([]);
  for (const runId of client.accepted) {
    expect((await last.get(runId)).status).not.toBe('running');
    const executions = executionsOf(folders, runId);
    expect(executions).toEqual([...new Set(executions)]);
  }
});
