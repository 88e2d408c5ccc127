import { once } from 'node:events';
import { connect } from 'node:net';
import {
  Belongings,
  familyProject,
  flawsOf,
  gone,
  livingOf,
  logOf,
  runsOf,
  tell,
  untilQuiet,
  within,
} from '../support/crash';
import { type Folders, nodeStep, type ServerProcess } from '../support/jobato';
import { readSse } from '../support/sse';

const STOPS_WITHIN_MS = 25_000;
const ENDS_ON_REQUEST =
  "console.log('at work'); process.on('SIGTERM', () => process.exit(0)); setInterval(() => 0, 60000)";
const CHATTERS =
  "let line = 0; const write = () => { console.log('chatter line ' + ++line); setTimeout(write, 1); }; write()";

const belongings = new Belongings();
afterEach(() => belongings.clear());

/** Steps that ignore SIGTERM are killed after 10 s; a stop that takes much longer hit the shutdown limit. */
const STOPS_BY_ITSELF_WITHIN_MS = 16_000;

/** Sends SIGTERM, as a service manager does. @returns the exit code */
async function stop(server: ServerProcess, what: string, mayBeCutOff = false): Promise<unknown> {
  const beganAt = Date.now();
  const code = await within(STOPS_WITHIN_MS, 'the server to stop', server.end('SIGTERM'));
  const tookMs = Date.now() - beganAt;
  tell(`stopped in ${tookMs} ms: ${what}`);
  if (mayBeCutOff) return code;
  expect(tookMs).toBeLessThan(STOPS_BY_ITSELF_WITHIN_MS);
  return code;
}

describe('server shutdown', () => {
  it('ends steps that ignore SIGTERM and releases or fails their runs', async () => {
    const folders = belongings.makeFolders({
      once: familyProject('once', 'stubborn', 1),
      twice: familyProject('twice', 'stubborn', 2),
    });
    const first = await belongings.start(folders, { WORKER_CONCURRENCY: '4' });
    const runs = [await first.trigger('once'), await first.trigger('twice')];
    await Promise.all(runs.map(({ runId }) => first.untilLogged(runId, 'at work')));
    expect(livingOf(folders).length).toBeGreaterThanOrEqual(6);

    expect(await stop(first, 'steps that ignore SIGTERM')).toBe(0);
    expect(livingOf(folders)).toEqual([]);
    expect(flawsOf(folders)).toEqual([]);

    const second = await belongings.start(folders);
    const [once, twice] = runs.map(({ runId }) => runId) as [string, string];
    expect(await second.get(once)).toMatchObject({
      status: 'failed',
      statusReason: 'worker-lost',
      attempt: 1,
    });
    expect(await second.untilEnded(twice)).toMatchObject({ status: 'completed', attempt: 2 });
    expect(await logOf(second, twice)).toContain('attempt 2 line 20');
    await untilQuiet(folders);
    expect(flawsOf(folders)).toEqual([]);
  });

  it('keeps the result of a step that ends during the shutdown', async () => {
    const folders = belongings.makeFolders({ quick: nodeStep('quick', "console.log('done')") });
    for (let round = 0; round < 3; round++) {
      const server = await belongings.start(folders);
      const { runId } = await server.trigger('quick');
      // The step has written its last line, so it ends during the shutdown.
      await server.untilLogged(runId, 'done');
      expect(await stop(server, 'a step that has just ended')).toBe(0);
    }
    const last = await belongings.start(folders);
    for (const { status, statusReason } of await runsOf(last)) {
      expect(['completed', 'worker-lost']).toContain(status === 'completed' ? status : statusReason);
    }
    expect(flawsOf(folders)).toEqual([]);
  });

  it('reports not ready, never accepts a trigger in part, and releases reconnecting readers', async () => {
    const folders = belongings.makeFolders({
      stubborn: familyProject('stubborn', 'stubborn', 1),
      free: nodeStep('free', "console.log('line 1')"),
    });
    const server = await belongings.start(folders);
    const { runId } = await server.trigger('stubborn');
    await server.untilLogged(runId, 'at work');
    const accepted: string[] = [];
    const readiness: number[] = [];
    const refusals: number[] = [];
    const over = gone(server).catch(() => undefined);
    let isOver = false;
    void once(server.child, 'exit').then(() => (isOver = true));

    const reader = (async () => {
      while (!isOver) await followOnce(server, runId);
    })();
    const client = (async () => {
      while (!isOver) {
        try {
          readiness.push((await fetch(`${server.url}/api/health/ready`)).status);
          const response = await fetch(`${server.url}/api/projects/free/runs`, { method: 'POST' });
          const body = (await response.json()) as { runId: string };
          if (response.status === 201) accepted.push(body.runId);
          else refusals.push(response.status);
        } catch {
          // Refused, because the server no longer listens.
        }
        await new Promise((next) => setTimeout(next, 20));
      }
    })();
    expect(await stop(server, 'a reader that comes back at once')).toBe(0);
    await Promise.all([reader, client, over]);

    expect(readiness).toContain(503);
    expect(refusals).toContain(503);
    expect(refusals.filter((status) => ![409, 503].includes(status))).toEqual([]);
    const second = await belongings.start(folders);
    const known = new Set((await runsOf(second)).map((run) => run.runId));
    expect(accepted.filter((id) => !known.has(id))).toEqual([]);
    await Promise.all(accepted.map((id) => second.untilEnded(id)));
    await untilQuiet(folders);
    expect(flawsOf(folders)).toEqual([]);
  });

  it('is not delayed by a reader that reads nothing', async () => {
    const folders = belongings.makeFolders({ chatters: nodeStep('chatters', CHATTERS) });
    const server = await belongings.start(folders);
    const { runId } = await server.trigger('chatters');
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(
      `GET /api/runs/${runId}/logs HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n`,
    );
    await once(socket, 'readable');
    socket.pause();
    await server.untilLogged(runId, 'chatter line 3000');
    expect(await stop(server, 'a reader that takes nothing', true)).toBe(0);
    socket.destroy();
    expect(livingOf(folders)).toEqual([]);
  });
});

/** Reads a run's stream until it ends or the connection breaks. */
async function followOnce(server: ServerProcess, runId: string): Promise<void> {
  try {
    for await (const message of readSse(`${server.url}/api/runs/${runId}/logs`)) void message;
  } catch {
    await new Promise((next) => setTimeout(next, 20));
  }
}

describe('stop of a run', () => {
  async function askToStop(server: ServerProcess, runId: string): Promise<number> {
    const response = await fetch(`${server.url}/api/runs/${runId}`, { method: 'DELETE' });
    await response.arrayBuffer();
    return response.status;
  }

  async function atWork(projects: Record<string, string>): Promise<[Folders, ServerProcess, string]> {
    const folders = belongings.makeFolders(projects);
    const server = await belongings.start(folders);
    const { runId } = await server.trigger(Object.keys(projects)[0]!);
    await server.untilLogged(runId, 'at work');
    return [folders, server, runId];
  }

  it('ends all child processes, even if they ignore SIGTERM or left the group', async () => {
    const [folders, server, runId] = await atWork({ stubborn: familyProject('stubborn', 'stubborn', 2) });
    expect(livingOf(folders).length).toBeGreaterThanOrEqual(3);
    const askedAt = Date.now();
    expect(await askToStop(server, runId)).toBe(202);
    const asked = await server.get(runId);
    expect(asked).toMatchObject({ status: 'running', waiting: { code: 'stopping' } });
    expect(await askToStop(server, runId)).toBe(202);
    expect((await server.get(runId)).cancelRequestedAt).toBe(asked.cancelRequestedAt);

    const ended = await within(20_000, 'the stubborn family to be killed', server.untilEnded(runId));
    const tookMs = Date.now() - askedAt;
    tell(`a family that ignores SIGTERM was gone after ${tookMs} ms`);
    expect(ended).toMatchObject({ status: 'cancelled', statusReason: 'cancelled-by-user', attempt: 1 });
    expect(tookMs).toBeGreaterThan(9_000);
    expect(livingOf(folders)).toEqual([]);
    expect(await askToStop(server, runId)).toBe(409);
    await untilQuiet(folders);
    expect(flawsOf(folders)).toEqual([]);
  });

  it('is immediate if the step handles SIGTERM', async () => {
    const [folders, server, runId] = await atWork({ polite: nodeStep('polite', ENDS_ON_REQUEST) });
    await askToStop(server, runId);
    expect(await within(5_000, 'the polite step', server.untilEnded(runId))).toMatchObject({
      status: 'cancelled',
    });
    expect(livingOf(folders)).toEqual([]);
  });

  it('cancels the run without another attempt if the server is killed during the stop', async () => {
    const [folders, first, runId] = await atWork({ stubborn: familyProject('stubborn', 'stubborn', 2) });
    expect(await askToStop(first, runId)).toBe(202);
    await first.untilLogged(runId, 'SIGTERM sent');
    await first.end('SIGKILL');
    expect(livingOf(folders).length).toBeGreaterThanOrEqual(3);

    const second = await belongings.start(folders);
    expect(await second.untilEnded(runId)).toMatchObject({ status: 'cancelled', attempt: 1 });
    expect(livingOf(folders)).toEqual([]);
    await untilQuiet(folders);
    expect(flawsOf(folders)).toEqual([]);
  });

  it('cancels the run if the server is killed before it notifies the worker', async () => {
    const folders = belongings.makeFolders({ stays: familyProject('stays', 'stays', 2) });
    const first = await belongings.startCrashing(folders, 'after a stop is committed');
    const { runId } = await first.trigger('stays');
    await first.untilLogged(runId, 'at work');
    await askToStop(first, runId).catch(() => 0);
    await gone(first);

    const second = await belongings.start(folders);
    expect(await second.untilEnded(runId)).toMatchObject({
      status: 'cancelled',
      statusReason: 'cancelled-by-user',
      attempt: 1,
    });
    expect(livingOf(folders)).toEqual([]);
    await untilQuiet(folders);
    expect(flawsOf(folders)).toEqual([]);
  });
});
