import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { killIfThere } from '../support/crash';
import { type Folders, makeFolders } from '../support/jobato';
import { freePort, RedisServer } from '../support/redis';
import { livingSteps } from '../support/worker-child';
import type { Blow, Deed, Plan, Stroke } from './plan';
import { PROJECTS } from './projects';
import { VictimProcess } from './victim-process';

export const KEY = 'key-of-the-workers-in-chaos';
export const EVENTS = 'ml:run-events';
export const LOGS = 'ml:run-logs';
export const GROUPS = [
  [EVENTS, 'jobato-api'],
  [EVENTS, 'jobato-workers'],
  [LOGS, 'jobato-api'],
] as const;

/** The server, two workers and Redis as processes of their own, and all that can be done to them. */
export class Installation {
  readonly done = new Map<string, number>();
  /** What ended without having been killed. */
  readonly ownEnds: string[] = [];
  /** How often Redis may have lost what it had taken. */
  losses = 0;
  private readonly processes: Record<'server' | 'worker-1' | 'worker-2', VictimProcess>;

  private constructor(
    readonly folders: Folders,
    readonly url: string,
    readonly redis: RedisServer,
    { secondWorkerByHttp }: Plan,
    sabotage: Record<string, string>,
  ) {
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
        /takes runs/,
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
          WORKER: 'off',
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
    const folders = makeFolders(PROJECTS);
    for (const name of ['worker-1', 'worker-2']) mkdirSync(join(folders.root, name));
    const more = plan.appendOnly ? ['--appendonly', 'yes', '--appendfsync', 'everysec'] : [];
    const redis = await RedisServer.start({ more });
    const url = `http://127.0.0.1:${await freePort()}`;
    const installation = new Installation(folders, url, redis, plan, sabotage);
    for (const process of installation.all) process.start();
    try {
      await installation.untilUp();
    } catch (error) {
      await installation.clear();
      throw error;
    }
    return installation;
  }

  untilUp(): Promise<unknown> {
    return Promise.all(this.all.map((process) => process.untilUp()));
  }

  /** Does all of it at its moments; what comes while its victim is still dead, or paused, is done right after that. */
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
          if (until.aborted) return;
          await this.strikeOnce(stroke);
        }
      }),
    );
  }

  async strikeOnce({ victim, deed, forMs }: Blow): Promise<void> {
    const name = `${victim} ${deed}`;
    this.done.set(name, (this.done.get(name) ?? 0) + 1);
    if (victim === 'redis') return this.strikeRedis(deed, forMs);
    const process = this.processes[victim];
    if (deed === 'kill' || deed === 'stop') {
      await process[deed]();
      await delay(forMs);
      process.start();
    } else {
      process.pause();
      await delay(forMs);
      process.resume();
    }
  }

  async clear(): Promise<void> {
    await Promise.all(this.all.map((process) => process.kill()));
    for (const pid of this.livingSteps()) killIfThere(pid);
    await this.redis.end();
    rmSync(this.folders.root, { recursive: true, force: true });
  }

  livingSteps(): number[] {
    return livingSteps(this.folders.root);
  }

  private get all(): VictimProcess[] {
    return Object.values(this.processes);
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
        // Somebody else's deed may have taken the key or the group away already.
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
