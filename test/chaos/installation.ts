import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { inDatabase, killIfThere } from '../support/crash';
import { type Folders, makeFolders } from '../support/jobato';
import { freePort, RedisServer } from '../support/redis';
import { livingSteps } from '../support/worker-child';
import { Api, KEY } from './api';
import { Chronicle } from './chronicle';
import type { Blow, DataFolder, Deed, Plan, ProcessName, Round, Stroke } from './plan';
import { PROBE, PROBE_PROJECT, PROJECTS } from './projects';
import { SmallDisk } from './small-disk';
import { VictimProcess } from './victim-process';

export const EVENTS = 'ml:run-events';
export const LOGS = 'ml:run-logs';
export const GROUPS = [
  [EVENTS, 'jobato-api'],
  [EVENTS, 'jobato-workers'],
  [LOGS, 'jobato-api'],
] as const;

/** A server that was hit within this time may still be starting. */
const STARTS_WITHIN_MS = 30_000;

/** The server, two workers and Redis as separate processes, with all faults that the test can inject. */
export class Installation {
  readonly done = new Map<string, number>();
  /** Processes that ended without being killed. */
  readonly ownEnds: string[] = [];
  /** The number of times that Redis may have lost data. */
  losses = 0;
  /** Runs whose files the test may have deleted. */
  readonly withoutFiles = new Set<string>();
  readonly api: Api;
  readonly chronicle = new Chronicle();
  private readonly processes: Record<ProcessName, VictimProcess>;
  private worker: Round['worker'];

  private constructor(
    readonly folders: Folders,
    readonly url: string,
    readonly redis: RedisServer,
    /** The file system of the server's data, or why it has no separate one. */
    readonly disk: SmallDisk | string,
    { secondWorkerByHttp, rounds }: Plan,
    sabotage: Record<string, string>,
  ) {
    this.api = new Api(url);
    this.worker = rounds[0]!.worker;
    const common = {
      CONFIG_DIR: folders.configDir,
      JOBATO_API_KEY: KEY,
      RUN_EVENTS_STREAM: EVENTS,
      LOG_LEVEL: 'info',
      ...sabotage,
    };
    const byRedis = { REDIS_URL: redis.url };
    const logFile = (name: string) => join(folders.root, `${name}.log`);
    const worker = (name: string, more: Record<string, string>) =>
      new VictimProcess(
        name,
        'worker.js',
        { ...common, JOBATO_URL: url, DATA_DIR: join(folders.root, name), WORKER_CONCURRENCY: '3', ...more },
        /accepts runs/,
        logFile(name),
        this.ownEnds,
      );
    this.processes = {
      server: new VictimProcess(
        'server',
        'main.js',
        {
          ...common,
          ...byRedis,
          HOST: '127.0.0.1',
          PORT: new URL(url).port,
          DATA_DIR: folders.dataDir,
          WORKER_CONCURRENCY: '3',
          MIN_FREE_DISK_MB: '0',
        },
        /Listening at/,
        logFile('server'),
        this.ownEnds,
      ),
      'worker-1': worker('worker-1', byRedis),
      'worker-2': worker('worker-2', secondWorkerByHttp ? {} : byRedis),
    };
  }

  static async start(plan: Plan, sabotage: Record<string, string>): Promise<Installation> {
    const folders = makeFolders({ ...PROJECTS, [PROBE]: PROBE_PROJECT });
    const disk = SmallDisk.mount(folders.dataDir);
    for (const name of ['worker-1', 'worker-2']) mkdirSync(join(folders.root, name));
    const more = plan.appendOnly ? ['--appendonly', 'yes', '--appendfsync', 'everysec'] : [];
    const redis = await RedisServer.start({ more });
    const url = `http://127.0.0.1:${await freePort()}`;
    const installation = new Installation(folders, url, redis, disk, plan, sabotage);
    for (const name of installation.employed) installation.startProcess(name);
    try {
      await installation.untilUp();
    } catch (error) {
      await installation.clear();
      throw error;
    }
    return installation;
  }

  untilUp(): Promise<unknown> {
    return Promise.all(this.employed.map((name) => this.processes[name].untilUp()));
  }

  /** Changes where steps run. Requires an idle installation. */
  async employ(worker: Round['worker']): Promise<void> {
    if (worker === this.worker) return;
    await Promise.all(this.employed.map((name) => this.processes[name].stop()));
    this.worker = worker;
    for (const name of this.employed) this.startProcess(name);
    await this.untilUp();
  }

  /** Ends a process, runs the callback while it is down, and starts it again. */
  async restart(
    name: ProcessName,
    end: 'kill' | 'stop',
    meanwhile: () => void | Promise<void>,
  ): Promise<void> {
    this.count(`${name} ${end}`);
    const over = this.chronicle.beginBlow({ victim: name, deed: end });
    if (end === 'kill') await this.processes[name].kill();
    else await this.processes[name].stop(this.mayBeCutOff(name));
    await meanwhile();
    this.startProcess(name);
    over();
  }

  /** Returns whether a process that stops from now on may exit without recording or returning its runs. */
  private mayBeCutOff(name: ProcessName): () => boolean {
    const fromMs = Date.now() - STARTS_WITHIN_MS;
    return () =>
      this.chronicle.wasOutage(fromMs, Date.now()) ||
      (name !== 'server' && this.chronicle.wasServerStruck(fromMs, Date.now()));
  }

  startProcess(name: ProcessName): void {
    this.processes[name].start(
      name === 'server' ? { WORKER: this.worker === 'embedded' ? 'embedded' : 'off' } : {},
    );
  }

  /** Shifts the wall clock of a process. */
  setClock(name: ProcessName, offsetMs: number): Promise<void> {
    return this.processes[name].setClock(offsetMs);
  }

  /** Sets the clock of a stopped process for its next start. */
  presetClock(name: ProcessName, offsetMs: number): void {
    this.processes[name].presetClock(offsetMs);
  }

  count(what: string): void {
    this.done.set(what, (this.done.get(what) ?? 0) + 1);
  }

  get databaseFile(): string {
    return join(this.folders.dataDir, 'db', 'jobato.db');
  }

  get peakServerMegabytes(): number {
    return this.processes.server.peakMegabytes;
  }

  /** Deletes a folder of the server's data, like an operator who frees disk space. */
  deleteFolder(name: DataFolder): void {
    // Steps and uploads may be writing there.
    rmSync(join(this.folders.dataDir, name), { recursive: true, force: true, maxRetries: 5 });
    if (name !== 'runs') return;
    inDatabase(this.folders, (database) => {
      for (const { run_id: runId } of database.prepare('SELECT run_id FROM runs').all() as {
        run_id: string;
      }[])
        this.withoutFiles.add(runId);
    });
  }

  lookAtMemory(): void {
    this.processes.server.lookAtMemory();
  }

  /** Runs each fault at its time. A fault whose victim is still down or paused runs right after that. */
  async strike(strokes: Stroke[], until: AbortSignal): Promise<void> {
    const startMs = Date.now();
    const byVictim = new Map<string, Stroke[]>();
    for (const stroke of strokes)
      byVictim.set(stroke.victim, [...(byVictim.get(stroke.victim) ?? []), stroke]);
    await Promise.all(
      [...byVictim.values()].map(async (ofVictim) => {
        for (const stroke of ofVictim) {
          const leftMs = startMs + stroke.atMs - Date.now();
          await delay(Math.max(0, leftMs), undefined, { signal: until }).catch(() => undefined);
          // Without this wait, a slow machine would never finish a start between two kills.
          if (stroke.victim !== 'redis' && !stroke.whileStarting)
            await this.processes[stroke.victim].untilUp();
          if (until.aborted) return;
          await this.strikeOnce(stroke);
        }
      }),
    );
  }

  async strikeOnce({ victim, deed, forMs }: Blow): Promise<void> {
    if (victim !== 'redis' && (deed === 'kill' || deed === 'stop'))
      return this.restart(victim, deed, () => delay(forMs));
    this.count(`${victim} ${deed}`);
    const over = this.chronicle.beginBlow({ victim, deed });
    if (victim === 'redis') await this.strikeRedis(deed, forMs);
    else {
      this.processes[victim].pause();
      await delay(forMs);
      this.processes[victim].resume();
    }
    over();
  }

  async clear(): Promise<void> {
    await Promise.all(Object.values(this.processes).map((process) => process.kill()));
    for (const pid of this.livingSteps()) killIfThere(pid);
    await this.redis.end();
    if (typeof this.disk !== 'string') await this.disk.unmount();
    rmSync(this.folders.root, { recursive: true, force: true });
  }

  livingSteps(): number[] {
    return livingSteps(this.folders.root);
  }

  private get employed(): ProcessName[] {
    return this.worker === 'embedded' ? ['server'] : ['server', 'worker-1', 'worker-2'];
  }

  private async strikeRedis(deed: Deed, forMs: number): Promise<void> {
    if (deed === 'kill') {
      this.losses++;
      await this.redis.kill();
      await delay(forMs);
      return this.redis.restart();
    }
    if (deed === 'pause') {
      this.redis.pause();
      await delay(forMs);
      return this.redis.resume();
    }
    const client = this.redis.client();
    try {
      if (deed === 'flush') {
        this.losses++;
        await client.flushall();
      }
      for (const [key, group] of deed === 'flush' ? [] : GROUPS) {
        // Another fault may have removed the key or the group already.
        if (deed === 'destroy-groups') await client.xgroup('DESTROY', key, group).catch(() => undefined);
        else await this.deleteConsumers(key, group).catch(() => undefined);
      }
    } finally {
      client.disconnect();
    }
  }

  private async deleteConsumers(key: string, group: string): Promise<void> {
    const client = this.redis.client();
    try {
      for (const row of (await client.xinfo('CONSUMERS', key, group)) as string[][]) {
        await client.xgroup('DELCONSUMER', key, group, row[1]!);
      }
    } finally {
      client.disconnect();
    }
  }
}
