import { randomInt } from 'node:crypto';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { NestExpressApplication } from '@nestjs/platform-express';
import supertest from 'supertest';
import { createApp } from '../../src/app';
import { loadConfig } from '../../src/config/config';
import { isTerminal, type Run } from '../../src/runs/run';
import { RunChanges } from '../../src/runs/run-changes';
import { RunRepository } from '../../src/runs/run.repository';
import type { RunView } from '../../src/runs/run-view';
import { readSse } from './sse';

const ROOT = join(__dirname, '..', '..');

export interface Folders {
  root: string;
  dataDir: string;
  configDir: string;
}

/** Creates separate data and configuration folders with these project files, named without extension. */
export function makeFolders(projects: Record<string, string>): Folders {
  const root = mkdtempSync(join(tmpdir(), 'jobato-test-'));
  const folders = { root, dataDir: join(root, 'data'), configDir: join(root, 'config') };
  mkdirSync(join(folders.configDir, 'projects'), { recursive: true });
  for (const [name, yaml] of Object.entries(projects)) writeProject(folders, name, yaml);
  return folders;
}

export function writeProject({ configDir }: Folders, name: string, yaml: string): void {
  writeFileSync(join(configDir, 'projects', `${name}.yaml`), yaml);
}

/** Writes another configuration file, such as quota.yaml. Atomically, so that a reader never sees half of it. */
export function writeConfig({ root, configDir }: Folders, name: string, content: string): void {
  writeFileSync(join(root, name), content);
  renameSync(join(root, name), join(configDir, name));
}

/** Returns a project with one step that runs a Node program; `id` is also the name of the file. */
export function nodeStep(id: string, program: string, more = ''): string {
  // Node takes a tenth of a second to do nothing.
  const command = program === '0' || program === '' ? ['true'] : [process.execPath, '-e', program];
  return `id: ${id}\n${more}steps:\n  - name: work\n    command: ${JSON.stringify(command)}\n`;
}

function environment(folders: Folders, extra: Record<string, string>): Record<string, string | undefined> {
  return {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    HOST: '127.0.0.1',
    PORT: '0',
    DATA_DIR: folders.dataDir,
    CONFIG_DIR: folders.configDir,
    LOG_LEVEL: 'silent',
    MIN_FREE_DISK_MB: '0',
    ...streamOf(folders),
    ...extra,
  };
}

/** Returns the environment of a built server process. */
export function serverEnvironment(
  folders: Folders,
  extra: Record<string, string> = {},
): Record<string, string | undefined> {
  return environment(folders, { LOG_LEVEL: 'info', ...extra });
}

/** On Redis, each data folder has its own streams, shared by all server lives on it. */
function streamOf({ root }: Folders): Record<string, string> {
  if (!isOnRedis()) return {};
  return { REDIS_URL: process.env.JOBATO_TEST_REDIS_URL!, RUN_EVENTS_STREAM: redisKeys({ root }).events };
}

/** Returns the Redis keys of the streams of an application with these folders. */
export function redisKeys({ root }: Pick<Folders, 'root'>): { events: string; logs: string } {
  return { events: `${basename(root)}:run-events`, logs: `${basename(root)}:run-logs` };
}

/** Returns true if the tests use Redis instead of the embedded stream. */
export function isOnRedis(): boolean {
  return process.env.JOBATO_TEST_STREAM === 'redis';
}

/**
 * Returns a port to use again later. It is below the ephemeral range, so that the system never assigns it in
 * between.
 */
export function lastingPort(): number {
  return randomInt(20_000, 30_000);
}

/** Returns a quota of three calls per day, with a day that does not end during the test. */
export function threeCallsADay(): string {
  const resetHour = (new Date().getUTCHours() + 12) % 24;
  return `quota: { dailyLimit: 3, resetPolicy: { timeZone: UTC, resetHour: ${resetHour} } }`;
}

/** The real application in this process, with a real database, on a free port. */
export class RunningApp {
  private constructor(
    readonly app: NestExpressApplication,
    readonly url: string,
    readonly folders: Folders,
    private readonly ownsFolders: boolean,
  ) {}

  static async start(
    projects: Record<string, string> | Folders,
    extraEnvironment: Record<string, string> = {},
    port = 0,
  ): Promise<RunningApp> {
    const given = 'dataDir' in projects ? (projects as Folders) : null;
    const folders = given ?? makeFolders(projects as Record<string, string>);
    const app = await createApp(loadConfig(environment(folders, extraEnvironment), ROOT));
    await app.listen(port, '127.0.0.1');
    return new RunningApp(app, await app.getUrl(), folders, given === null);
  }

  async stop(): Promise<void> {
    await this.app.close();
    if (this.ownsFolders) rmSync(this.folders.root, { recursive: true, force: true });
  }

  /** Calls this server with supertest. Paths are normalised as in a browser. */
  get api() {
    return supertest(this.url);
  }

  fetch(path: string, init?: RequestInit): Promise<Response> {
    return fetch(`${this.url}${path}`, init);
  }

  /** Starts a run over REST and returns it. Throws if the server refuses it. */
  async trigger(projectId: string, body: object = {}): Promise<RunView> {
    return trigger(this.url, projectId, body);
  }

  /** Resolves with the run as soon as the condition holds. Listens for changes instead of polling. */
  until(runId: string, isReached: (run: Run) => boolean): Promise<Run> {
    const changes = this.app.get(RunChanges);
    return new Promise((resolve, reject) => {
      const look = (run: Run | null) => {
        if (!run || !isReached(run)) return;
        stop();
        resolve(run);
      };
      const stop = changes.onChange(runId, look);
      this.app.get(RunRepository).find(runId).then(look, reject);
    });
  }

  untilEnded(runId: string): Promise<Run> {
    return this.until(runId, isTerminal);
  }
}

/** The built server in its own process, which tests can kill. */
export class ServerProcess {
  private constructor(
    readonly child: ChildProcess,
    readonly url: string,
    readonly output: string[],
  ) {}

  /**
   * Starts the server and waits until it listens.
   * @param program alternative to dist/main.js, such as a program that crashes at a chosen point
   * @param cwd folder in which the server looks for .env
   */
  static async start(
    folders: Folders,
    extraEnvironment: Record<string, string> = {},
    program = join(ROOT, 'dist', 'main.js'),
    cwd = ROOT,
  ): Promise<ServerProcess> {
    const child = spawn(process.execPath, [program], {
      cwd,
      env: serverEnvironment(folders, extraEnvironment),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output: string[] = [];
    const url = await new Promise<string>((resolve, reject) => {
      const read = (line: string) => {
        output.push(line);
        const found = /Listening at (http[^"\s]+)/.exec(line);
        if (found) resolve(found[1]!);
      };
      createInterface({ input: child.stdout }).on('line', read);
      createInterface({ input: child.stderr }).on('line', read);
      child.once('exit', (code, signal) => {
        reject(new Error(`The server ended (${code ?? signal}) before it listened:\n${output.join('\n')}`));
      });
    });
    return new ServerProcess(child, url, output);
  }

  /** Ends the server and waits for its exit. @returns its exit code, or the signal that ended it */
  async end(signal: NodeJS.Signals): Promise<number | string | null> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) {
      return this.child.exitCode ?? this.child.signalCode;
    }
    const gone = once(this.child, 'exit') as Promise<[number | null, string | null]>;
    this.child.kill(signal);
    const [code, bySignal] = await gone;
    return code ?? bySignal;
  }

  trigger(projectId: string, body: object = {}): Promise<RunView> {
    return trigger(this.url, projectId, body);
  }

  async get(runId: string): Promise<RunView> {
    const response = await fetch(`${this.url}/api/runs/${runId}`);
    return (await response.json()) as RunView;
  }

  /** Follows the run over SSE until the condition holds. */
  async until(runId: string, isReached: (run: RunView) => boolean): Promise<RunView> {
    for await (const message of readSse(`${this.url}/api/runs/${runId}/logs`)) {
      if (message.event !== 'run') continue;
      const run = JSON.parse(message.data) as RunView;
      if (isReached(run)) return run;
    }
    throw new Error(`The stream of run ${runId} ended before the run was as expected.`);
  }

  untilEnded(runId: string): Promise<RunView> {
    return this.until(runId, ({ status }) => status !== 'running');
  }

  /** Resolves when the run's log contains this text. */
  async untilLogged(runId: string, text: string): Promise<void> {
    for await (const message of readSse(`${this.url}/api/runs/${runId}/logs`)) {
      if (message.event === 'log' && message.data.includes(text)) return;
    }
    throw new Error(`The log of run ${runId} ended without "${text}".`);
  }
}

async function trigger(url: string, projectId: string, body: object): Promise<RunView> {
  const response = await fetch(`${url}/api/projects/${projectId}/runs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const answer: unknown = await response.json();
  if (response.status !== 201) throw new Error(`Not accepted: ${JSON.stringify(answer)}`);
  return answer as RunView;
}

/** Returns true while the process is alive. Unlike kill(pid, 0), this does not count zombies. */
export function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2)[0] !== 'Z';
  } catch {
    return false;
  }
}
