import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  Belongings,
  eventually,
  executionsOf,
  familyProject,
  flawsOf,
  gone,
  inDatabase,
  killIfThere,
  livingOf,
  logOf,
  putOnStream,
  RECOVERS_WITHIN_MS,
  runsOf,
  tell,
  tryTrigger,
  untilQuiet,
  within,
} from '../support/crash';
import { isAlive, isOnRedis } from '../support/jobato';
import type { Folders, ServerProcess } from '../support/jobato';

const belongings = new Belongings();
afterEach(() => belongings.clear());

/** The final state of a run. */
interface Outcome {
  status: string;
  statusReason: string | null;
  attempt: number;
  /** The attempts that were actually executed, in order. */
  executions: string[];
}

const DONE_AT_ONCE: Outcome = { status: 'completed', statusReason: null, attempt: 1, executions: ['1'] };
const lost = (executions: string[]): Outcome => ({
  status: 'failed',
  statusReason: 'worker-lost',
  attempt: 1,
  executions,
});
const doneAgain = (executions: string[]): Outcome => ({
  status: 'completed',
  statusReason: null,
  attempt: 2,
  executions,
});

interface Point {
  point: string;
  behaviour: 'ends' | 'stays';
  /** The outcome of a run with one attempt, and with two. */
  once: Outcome | null;
  twice: Outcome | null;
  /** The server died before it could respond to the trigger. */
  unanswered?: true;
}

const POINTS: Point[] = [
  {
    point: 'before the trigger is committed',
    behaviour: 'ends',
    once: null,
    twice: null,
    unanswered: true,
  },
  {
    point: 'after the trigger is committed, before it is answered',
    behaviour: 'ends',
    once: DONE_AT_ONCE,
    twice: DONE_AT_ONCE,
    unanswered: true,
  },
  { point: 'before the request is published', behaviour: 'ends', once: DONE_AT_ONCE, twice: DONE_AT_ONCE },
  {
    point: 'after the request is published, before the outbox is emptied',
    behaviour: 'ends',
    once: DONE_AT_ONCE,
    twice: DONE_AT_ONCE,
  },
  { point: 'before the claim is committed', behaviour: 'ends', once: DONE_AT_ONCE, twice: DONE_AT_ONCE },
  { point: 'after the claim is committed', behaviour: 'ends', once: lost([]), twice: doneAgain(['2']) },
  {
    point: 'between the claim and the start of the step',
    behaviour: 'ends',
    once: lost([]),
    twice: doneAgain(['2']),
  },
  {
    point: 'right after the start of the step',
    behaviour: 'stays',
    once: lost(['1']),
    twice: doneAgain(['1', '2']),
  },
  {
    point: 'after the step has ended, before that is published',
    behaviour: 'ends',
    // On Redis, the end is already stored by then.
    once: isOnRedis() ? DONE_AT_ONCE : lost(['1']),
    twice: isOnRedis() ? DONE_AT_ONCE : doneAgain(['1', '2']),
  },
  {
    point: 'after the end is on the stream, before it is applied',
    behaviour: 'ends',
    once: DONE_AT_ONCE,
    twice: DONE_AT_ONCE,
  },
  {
    point: 'after the end is applied, before it is acknowledged',
    behaviour: 'ends',
    once: DONE_AT_ONCE,
    twice: DONE_AT_ONCE,
  },
];

describe('server killed at a point', () => {
  // On Redis, a worker may have the run before the outbox is emptied; redis-faults.spec.ts covers duplicate
  // publications.
  const points = POINTS.filter(
    ({ point }) => !isOnRedis() || !point.endsWith('before the outbox is emptied'),
  );
  it.each(points)('$point', async ({ point, behaviour, once, twice, unanswered }) => {
    const crash = async (maxAttempts: number, expected: Outcome | null) => {
      const folders = belongings.makeFolders({ work: familyProject('work', behaviour, maxAttempts) });
      const crashing = await belongings.startCrashing(folders, point);
      const accepted = await tryTrigger(crashing, 'work');
      await gone(crashing);
      expect(crashing.child.signalCode).toBe('SIGKILL');
      expect(accepted === null).toBe(unanswered === true);
      expect(flawsOf(folders)).toEqual([]);
      if (behaviour === 'stays') await untilNoted(folders);

      const server = await restart(folders, `${point}, ${maxAttempts} attempts`);
      const [run] = await runsOf(server);
      if (accepted) expect(run?.runId).toBe(accepted.runId);
      if (expected === null) {
        expect(run).toBeUndefined();
        // A partial trigger would occupy the project's only slot.
        expect(await server.trigger('work')).toMatchObject({ status: 'running' });
        return;
      }
      await expectOutcome(folders, server, run!.runId, expected);
    };
    await Promise.all([crash(1, once), crash(2, twice)]);
  });

  /** Waits until the process that was started before the crash has recorded its start. */
  async function untilNoted(folders: Folders): Promise<void> {
    const runId = inDatabase(
      folders,
      (database) => (database.prepare('SELECT run_id FROM runs').get() as { run_id: string }).run_id,
    );
    await eventually('the first attempt to have begun', () => executionsOf(folders, runId).length > 0);
  }
});

describe('server killed while a step runs', () => {
  it('ends every process of the old attempt before the next starts', async () => {
    const kill = async (maxAttempts: number, expected: Outcome) => {
      const folders = belongings.makeFolders({ work: familyProject('work', 'stays', maxAttempts) });
      const first = await belongings.start(folders);
      const { runId } = await first.trigger('work');
      await first.untilLogged(runId, 'at work');
      expect(livingOf(folders)).toHaveLength(3);
      await first.end('SIGKILL');

      const server = await restart(folders, `while the step runs, ${maxAttempts} attempts`);
      await expectOutcome(folders, server, runId, expected);
    };
    await Promise.all([kill(1, lost(['1'])), kill(2, doneAgain(['1', '2']))]);
  });

  it('finds the child processes of a step that has ended', async () => {
    const folders = belongings.makeFolders({ work: familyProject('work', 'stays', 2) });
    const first = await belongings.start(folders);
    const { runId } = await first.trigger('work');
    await first.untilLogged(runId, 'at work');
    await first.end('SIGKILL');
    const [leader] = livingOf(folders).sort((a, b) => a - b);
    killIfThere(leader!);

    const server = await restart(folders, 'while the step runs, whose leader then goes');
    await expectOutcome(folders, server, runId, doneAgain(['1', '2']));
  });

  it('never kills an unrelated process with a reused PID', async () => {
    const folders = belongings.makeFolders({});
    const processes = join(folders.dataDir, 'processes');
    mkdirSync(processes, { recursive: true });
    const stranger = spawn('sleep', ['300'], { detached: true, stdio: 'ignore' });
    // The group leader starts another member and exits.
    const orphans = spawn('sh', ['-c', 'sleep 300 & echo $!'], {
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const orphanSaid = once(orphans.stdout, 'data') as Promise<[Buffer]>;
    await once(orphans, 'exit');
    const orphan = Number(String((await orphanSaid)[0]).trim());
    try {
      writeFileSync(join(processes, `${stranger.pid}.1-00000000`), '');
      writeFileSync(join(processes, `${orphans.pid}.1-00000000`), '');
      writeFileSync(join(processes, 'not-a-number.1-00000000'), '');
      await belongings.start(folders);
      expect(isAlive(stranger.pid!)).toBe(true);
      expect(isAlive(orphan)).toBe(true);
    } finally {
      stranger.kill('SIGKILL');
      killIfThere(orphan);
    }
  });
});

describe('event received before a crash', () => {
  it('is rejected once despite two deliveries', async () => {
    const folders = belongings.makeFolders({});
    const first = await belongings.start(folders);
    await first.end('SIGKILL');
    await putOnStream(folders, { eventType: 'run.unheard-of' });

    const point = 'after an event of an unknown type is rejected, before it is acknowledged';
    await diesAtBoot(folders, point);
    await belongings.start(folders);
    await untilQuiet(folders);
    expect(rejectedIn(folders)).toBe(1);
    expect(flawsOf(folders)).toEqual([]);
  });

  it('is rejected after several deliveries that crash the server', async () => {
    const folders = belongings.makeFolders({});
    const first = await belongings.start(folders);
    await first.end('SIGKILL');
    await putOnStream(folders, { eventType: 'run.heartbeat' });

    const point = 'whenever a heartbeat is applied';
    for (let life = 1; life <= 8; life++) await diesAtBoot(folders, point);
    await belongings.startCrashing(folders, point);
    await untilQuiet(folders);
    expect(rejectedIn(folders)).toBe(1);
  });

  async function diesAtBoot(folders: Folders, point: string): Promise<void> {
    const server = await belongings.startCrashing(folders, point).catch(() => null);
    if (server) await gone(server);
  }

  function rejectedIn(folders: Folders): number {
    return inDatabase(folders, (database) => database.prepare('SELECT * FROM rejected_events').all().length);
  }
});

/** Starts the unmodified server on the data left by the crash. */
async function restart(folders: Folders, after: string): Promise<ServerProcess> {
  const beganAt = Date.now();
  const server = await belongings.start(folders);
  const listeningAt = Date.now();
  const runs = await runsOf(server);
  const taken = runs.map(({ runId }) =>
    server.until(runId, ({ status, workerId }) => status !== 'running' || workerId !== null),
  );
  await within(RECOVERS_WITHIN_MS, 'every run to be taken up again or ended', Promise.all(taken));
  tell(
    `recovery ${Date.now() - listeningAt} ms after listening, which took ${listeningAt - beganAt} ms: ${after}`,
  );
  return server;
}

async function expectOutcome(
  folders: Folders,
  server: ServerProcess,
  runId: string,
  { executions, ...expected }: Outcome,
): Promise<void> {
  const ended = await within(RECOVERS_WITHIN_MS, 'the end of the run', server.untilEnded(runId));
  expect(ended).toMatchObject(expected);
  expect(executionsOf(folders, runId)).toEqual(executions);
  const log = await logOf(server, runId);
  expect(log.filter((line) => line.startsWith('MET'))).toEqual([]);
  if (expected.status === 'completed') expect(log).toContain(`attempt ${expected.attempt} line 20`);
  expect(livingOf(folders)).toEqual([]);

  await untilQuiet(folders);
  expect(flawsOf(folders)).toEqual([]);
  // An end is final: leftovers of the first life do not change it.
  expect(await server.get(runId)).toEqual(ended);
  expect(await runsOf(server)).toHaveLength(1);
}
