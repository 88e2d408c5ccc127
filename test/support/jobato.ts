import { randomInt } from 'node:crypto';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { createApp } from '../../src/app';
import { loadConfig } from '../../src/config/config';
import { isTerminal, type Run } from '../../src/runs/run';
import { RunChanges } from '../../src/runs/run-changes';
import { RunQueries } from '../../src/runs/run-queries';
import type { RunView } from '../../src/runs/run-view';
import { readSse } from './sse';

const ROOT = join(__dirname, '..', '..');

export interface Folders {
  root: string;
  dataDir: string;
  configDir: string;
}

/** A folder of its own for data and configuration, with these project files in it, by file name without ending. */
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

/** A file of the configuration beside the projects, such as quota.yaml; in one step, so that nobody reads half of it. */
export function writeConfig({ root, configDir }: Folders, name: string, content: string): void {
  writeFileSync(join(root, name), content);
  renameSync(join(root, name), join(configDir, name));
}

/** A project of one step that runs a program of Node's own language; `id` is the name of the file as well. */
export function nodeStep(id: string, program: string, more = ''): string {
  return `id: ${id}\n${more}steps:\n  - name: work\n    command: [${JSON.stringify(process.execPath)}, -e, ${JSON.stringify(program)}]\n`;
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

/** What the built server is started with, as a process of its own. */
export function serverEnvironment(
  folders: Folders,
  extra: Record<string, string> = {},
): Record<string, string | undefined> {
  return environment(folders, { LOG_LEVEL: 'info', ...extra });
}

/** On Redis the data folder has streams of its own, the same for each life on it. */
function streamOf({ root }: Folders): Record<string, string> {
  if (!isOnRedis()) return {};
  return { REDIS_URL: process.env.JOBATO_TEST_REDIS_URL!, RUN_EVENTS_STREAM: redisKeys({ root }).events };
}

/** The keys of the streams that an application with these folders has on Redis. */
export function redisKeys({ root }: Pick<Folders, 'root'>): { events: string; logs: string } {
  return { events: `${basename(root)}:run-events`, logs: `${basename(root)}:run-logs` };
}

/** Whether this run of the test has Redis between the parts, and not the embedded stream. */
export function isOnRedis(): boolean {
  return process.env.JOBATO_TEST_STREAM === 'redis';
}

/** One to come back to: below those that the system hands out, so that nobody is given it meanwhile. */
export function lastingPort(): number {
  return randomInt(20_000, 30_000);
}

/** Three calls a day, and no day that ends while the test goes on. */
export function threeCallsADay(): string {
  const resetHour = (new Date().getUTCHours() + 12) % 24;
  return `quota: { dailyLimit: 3, resetPolicy: { timeZone: UTC, resetHour: ${resetHour} } }`;
}

/** The real application in this process, on a real database, listening at a free port. */
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

  fetch(path: string, init?: RequestInit): Promise<Response> {
    return fetch(`${this.url}${path}`, init);
  }

  /** Starts a run over REST and answers it; fails the test where it is not accepted. */
  async trigger(projectId: string, body: object = {}): Promise<RunView> {
    return trigger(this.url, projectId, body);
  }

  /** Resolves with the run once it is as asked for: it is told of each change, and looks at no clock. */
  until(runId: string, isReached: (run: Run) => boolean): Promise<Run> {
    const changes = this.app.get(RunChanges);
    return new Promise((resolve, reject) => {
      const look = (run: Run | null) => {
        if (!run || !isReached(run)) return;
        stop();
        resolve(run);
      };
      const stop = changes.onChange(runId, look);
      this.app.get(RunQueries).find(runId).then(look, reject);
    });
  }

  untilEnded(runId: string): Promise<Run> {
    return this.until(runId, isTerminal);
  }
}

/** The built server as a process of its own, which can be killed. */
export class ServerProcess {
  private constructor(
    readonly child: ChildProcess,
    readonly url: string,
    readonly output: string[],
  ) {}

  /**
   * Starts it and waits until it listens.
   * @param program another program in place of dist/main.js, such as one that crashes at a chosen point
   * @param cwd where it looks for its file .env
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

  /** Ends it and waits until it is gone. @returns its exit code, or the signal that ended it */
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

  /** Follows the run over SSE until it is as asked for. */
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

  /** Resolves when this text has come up in the run's log. */
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

/** True while a process with this number lives; unlike a look by signal, a zombie that nobody collects does not count. */
export function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2)[0] !== 'Z';
  } catch {
    return false;
  }
}
