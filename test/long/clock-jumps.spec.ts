import { randomUUID } from 'node:crypto';
import { BOOT_ID } from '../../src/clock/boot-id';
import type { RunEventMap } from '../../src/events/run-event';
import type { RunView } from '../../src/runs/run-view';
import { Belongings, within } from '../support/crash';
import type { Folders, ServerProcess } from '../support/jobato';
import { ServerClock } from '../support/server-clock';

const TWO_HOURS_MS = 2 * 3600 * 1000;
const KEY = 'a-key-for-workers';
/** A limit of 1 s takes effect within two checks of the watch; a busy machine needs more time. */
const ACTS_WITHIN_MS = 15_000;

/** After a start, deadlines that have passed get this time; see docs/run-lifecycle.md. */
const FRESH_PERIOD_SECONDS = 30;

const external = (id: string, more = '') => `id: ${id}\nexecutor: external\n${more}`;
/** Its first attempt never ends, and its second attempt ends at once. */
const steppedProject = (id: string) => `id: ${id}
timeoutSeconds: 3600
retry: { maxAttempts: 2 }
steps:
  - { name: work, command: [sh, -c, '[ "$JOBATO_ATTEMPT" = 2 ] || exec sleep 3600'] }
`;
const PROJECTS = {
  impatient: external('impatient', 'claimTimeoutSeconds: 1\n'),
  patient: external('patient', 'claimTimeoutSeconds: 3600\n'),
  limited: external('limited', 'timeoutSeconds: 3600\n'),
  stopped: external('stopped', 'stopGraceSeconds: 3600\n'),
  leased: external('leased'),
};

/** Without a boot id, a restarted server has only the wall clock. */
const itWithBootId = BOOT_ID === null ? it.skip : it;

describe('server after a change of its wall clock', () => {
  const belongings = new Belongings();
  let folders: Folders;
  let clock: ServerClock;

  beforeEach(() => {
    folders = belongings.makeFolders(PROJECTS);
    clock = new ServerClock(folders);
  });
  afterEach(() => belongings.clear());

  const start = () => belongings.start(folders, { ...clock.environment, WORKER: 'off', JOBATO_API_KEY: KEY });

  const soon = (what: string, run: Promise<RunView>) => within(ACTS_WITHIN_MS, what, run);

  async function send<Type extends keyof RunEventMap>(
    server: ServerProcess,
    runId: string,
    eventType: Type,
    payload: RunEventMap[Type],
  ): Promise<void> {
    const occurredAt = new Date().toISOString();
    const response = await fetch(`${server.url}/api/internal/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-jobato-api-key': KEY },
      body: JSON.stringify({ eventId: randomUUID(), eventType, eventVersion: 1, occurredAt, runId, payload }),
    });
    expect(await response.json()).toMatchObject({ accepted: 1 });
  }

  /** Waits until a run with a limit of 1 s has failed, which shows that the watch has run with this clock. */
  async function untilLooked(server: ServerProcess): Promise<void> {
    const { runId } = await server.trigger('impatient');
    expect(await soon('a claim time-out', server.untilEnded(runId))).toMatchObject({
      status: 'failed',
      statusReason: 'no-worker',
    });
  }

  it('fails an unclaimed run after its claim timeout, two hours ahead and back again', async () => {
    const server = await start();
    await clock.set(server, TWO_HOURS_MS);
    await untilLooked(server);
    await clock.set(server, 0);
    await untilLooked(server);
  });

  it('detects a lost worker within its lease, two hours ahead and back again', async () => {
    const server = await start();
    for (const offsetMs of [TWO_HOURS_MS, 0]) {
      await clock.set(server, offsetMs);
      const { runId } = await server.trigger('leased');
      await send(server, runId, 'run.started', { workerId: 'w', attempt: 1, leaseSeconds: 1 });
      expect(await soon('the loss of the worker', server.untilEnded(runId))).toMatchObject({
        status: 'failed',
        statusReason: 'worker-lost',
      });
    }
  });

  it.each([
    ['ahead', TWO_HOURS_MS],
    ['behind', -TWO_HOURS_MS],
  ])('ends no run early when the clock is set two hours %s', async (_where, offsetMs) => {
    const server = await start();
    const claimable = await server.trigger('patient');
    const leased = await server.trigger('leased');
    await send(server, leased.runId, 'run.started', { workerId: 'w', attempt: 1, leaseSeconds: 3600 });
    const limited = await server.trigger('limited');
    await send(server, limited.runId, 'run.started', { workerId: 'w', attempt: 1 });
    const stopped = await server.trigger('stopped');
    await send(server, stopped.runId, 'run.started', { workerId: 'w', attempt: 1 });
    await fetch(`${server.url}/api/runs/${stopped.runId}`, { method: 'DELETE' });

    await clock.set(server, offsetMs);
    await untilLooked(server);
    for (const { runId } of [claimable, leased, limited, stopped]) {
      expect(await server.get(runId)).toMatchObject({ status: 'running', attempt: 1 });
    }
  });

  itWithBootId(
    'ends no run early after a crash and a restart, if the clock was set before and after the crash',
    async () => {
      const kinds = ['patient', 'leased', 'limited', 'stopped', 'stepped'];
      const all = kinds.flatMap((kind) => [`${kind}-1`, `${kind}-2`]);
      folders = belongings.makeFolders({
        ...Object.fromEntries(
          all.map((id) => {
            const kind = id.slice(0, -2) as keyof typeof PROJECTS | 'stepped';
            return [id, kind === 'stepped' ? steppedProject(id) : PROJECTS[kind].replace(kind, id)];
          }),
        ),
        impatient: PROJECTS.impatient,
        outlasting: external('outlasting', `claimTimeoutSeconds: ${FRESH_PERIOD_SECONDS + 3}\n`),
      });
      clock = new ServerClock(folders);
      const startEmbedded = () => belongings.start(folders, { ...clock.environment, JOBATO_API_KEY: KEY });
      const startRuns = async (server: ServerProcess, suffix: string) => {
        const runIds = Object.fromEntries(
          await Promise.all(
            kinds.map(async (kind) => [kind, (await server.trigger(`${kind}${suffix}`)).runId] as const),
          ),
        );
        for (const kind of ['leased', 'limited', 'stopped'])
          await send(server, runIds[kind]!, 'run.started', {
            workerId: 'w',
            attempt: 1,
            ...(kind === 'leased' ? { leaseSeconds: 3600 } : {}),
          });
        await fetch(`${server.url}/api/runs/${runIds.stopped}`, { method: 'DELETE' });
        await server.until(runIds.stepped!, ({ steps }) => steps[0]!.status === 'running');
        return runIds;
      };

      const first = await startEmbedded();
      const early = await startRuns(first, '-1');
      await clock.set(first, TWO_HOURS_MS);
      await untilLooked(first);
      const late = await startRuns(first, '-2');
      await first.end('SIGKILL');

      clock.write(2 * TWO_HOURS_MS);
      const server = await startEmbedded();
      const { runId } = await server.trigger('outlasting');
      for (const { stepped } of [early, late])
        expect(await server.untilEnded(stepped!)).toMatchObject({ status: 'completed', attempt: 2 });
      expect(await server.untilEnded(runId)).toMatchObject({ statusReason: 'no-worker' });
      for (const kind of kinds.filter((kind) => kind !== 'stepped'))
        for (const runIds of [early, late])
          expect(await server.get(runIds[kind]!)).toMatchObject({ status: 'running', attempt: 1 });
    },
  );

  it('orders runs by start after a restart with the clock set back', async () => {
    clock.write(TWO_HOURS_MS);
    const ahead = await start();
    const first = await ahead.trigger('patient');
    await fetch(`${ahead.url}/api/runs/${first.runId}`, { method: 'DELETE' });
    await ahead.end('SIGTERM');

    clock.write(0);
    const server = await start();
    const before = new Date(Date.now() - 60_000).toISOString();
    const second = await server.trigger('patient');
    expect(second.runId > first.runId).toBe(true);
    const itemsOf = async (query: string) => {
      const response = await fetch(`${server.url}/api/projects/patient/runs?${query}`);
      return ((await response.json()) as { items: RunView[] }).items.map(({ runId }) => runId);
    };
    expect(await itemsOf('')).toEqual([second.runId, first.runId]);
    await fetch(`${server.url}/api/runs/${second.runId}`, { method: 'DELETE' });
    const current = await fetch(`${server.url}/api/projects/patient/runs/current`);
    expect(await current.json()).toMatchObject({ runId: second.runId });
    const latest = await fetch(`${server.url}/api/reports/runs/latest`);
    expect(await latest.json()).toMatchObject({ runId: second.runId });

    // The id of the second run is later than its start; filters use the start.
    const inAnHour = new Date(Date.now() + 3_600_000).toISOString();
    expect(await itemsOf(`from=${before}&to=${inAnHour}`)).toEqual([second.runId]);
    expect(await itemsOf(`from=${inAnHour}`)).toEqual([first.runId]);
    expect(await itemsOf(`to=${before}`)).toEqual([]);
  });
});
