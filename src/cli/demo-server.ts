import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { GivenEnvironment } from '../config/environment';
import type { ServerNotice } from '../lifecycle/server-notice';
import { adminToken } from './admin-token';
import { commandLine } from '../config/command-line';
import { CliFailure, EXIT } from './failures';
import { JobatoClient } from './jobato-client';

const PACKAGE = join(__dirname, '..', '..');
const HOST = '127.0.0.1';
const USUAL_PORT = 3000;
/** The operating system picks a free port. */
const ANY_PORT = 0;
const READY_WITHIN_MS = 60_000;
/** The server's own shutdown takes at most 25 s. */
const KILL_AFTER_MS = 30_000;

/** The real server in its own process, for as long as the demo runs. */
export class DemoServer {
  readonly dataDir: string;
  /** The server's log, which is kept off the terminal. */
  readonly logFile: string;
  readonly ended: Promise<void>;
  private readonly child: ChildProcess;
  private readonly token: string | null;
  /** The server's stderr, which holds the reason if it cannot start. */
  private words = '';
  private hasEnded = false;
  private url: string | null = null;
  private isFolderInUse = false;

  /**
   * Starts a server and waits until it accepts runs.
   * @returns null if `stop` came first
   * @throws CliFailure with the server's error text, if it ends or takes too long
   */
  static async start(environment: GivenEnvironment, stop: AbortSignal): Promise<DemoServer | null> {
    const asked = environment.variables.PORT;
    if (asked) return new DemoServer(environment, asked).untilReady(stop);
    if (await isFree(USUAL_PORT)) {
      const server = await new DemoServer(environment, USUAL_PORT).untilReady(stop).catch(() => undefined);
      if (server !== undefined) return server;
      // Another program may have taken the port in between. Any other fault occurs again on the next start.
    }
    return new DemoServer(environment, ANY_PORT).untilReady(stop);
  }

  private constructor({ variables, own }: GivenEnvironment, port: string | number) {
    this.token = adminToken(variables);
    this.dataDir = resolve(variables.DATA_DIR || 'data');
    this.logFile = join(this.dataDir, 'demo.log');
    mkdirSync(this.dataDir, { recursive: true });
    const log = openSync(this.logFile, 'a');
    this.child = spawn(process.execPath, [join(__dirname, '..', 'main.js')], {
      cwd: hasConfiguration(variables) ? process.cwd() : PACKAGE,
      // The server sends its address over IPC: a response on the port could come from another server.
      stdio: ['ignore', log, 'pipe', 'ipc'],
      env: {
        // The server reads .env itself, and those values must not enter its environment block.
        ...own,
        HOST,
        PORT: String(port),
        DATA_DIR: this.dataDir,
        WORKER: 'embedded',
        LOG_LEVEL: variables.LOG_LEVEL || 'warn',
        // Plain HTTP on loopback, regardless of the TLS settings in .env.
        TLS_CERT_FILE: '',
        TLS_KEY_FILE: '',
      },
    });
    closeSync(log);
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => (this.words += text));
    this.child.once('message', (notice: ServerNotice) => {
      if ('listening' in notice) this.url = notice.listening;
      else this.isFolderInUse = notice.failed === 'data-folder-in-use';
    });
    this.ended = new Promise((resolve) => {
      this.child.once('error', (error) => {
        this.words += error.message;
        resolve();
      });
      this.child.once('close', () => resolve());
    });
    void this.ended.then(() => (this.hasEnded = true));
    // Every exit of this process also stops the server.
    process.once('exit', () => this.child.kill('SIGTERM'));
  }

  get client(): JobatoClient {
    if (this.url === null) throw new Error('The server is not listening yet.');
    return new JobatoClient({ url: this.url, token: this.token });
  }

  private async untilReady(stop: AbortSignal): Promise<DemoServer | null> {
    try {
      const deadline = performance.now() + READY_WITHIN_MS;
      while (!stop.aborted) {
        if (this.hasEnded) throw new CliFailure(this.whyItEnded(), EXIT.notCompleted);
        if (this.url !== null && (await this.client.isReady())) return this;
        if (performance.now() > deadline) {
          throw new CliFailure(
            `The server was not ready within ${READY_WITHIN_MS / 1000} s. See its log in ${this.logFile}.`,
            EXIT.notCompleted,
          );
        }
        await Promise.race([this.ended, delay(100)]);
      }
      await this.stop();
      return null;
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  whyItEnded(): string {
    const words = this.words.trim() || `See its log in ${this.logFile}.`;
    return [
      `The server exited. ${words}`,
      ...(this.isFolderInUse
        ? [`To run the demo next to it: DATA_DIR=data/demo ${commandLine('demo')}`]
        : []),
    ].join('\n');
  }

  /** Resolves after the server and all processes that it started have ended. */
  async stop(): Promise<void> {
    if (this.hasEnded) return;
    this.child.kill('SIGTERM');
    const kill = setTimeout(() => this.child.kill('SIGKILL'), KILL_AFTER_MS);
    await this.ended;
    clearTimeout(kill);
  }
}

/** Without a configuration in the current folder, the demo uses the one from the package. */
function hasConfiguration({ CONFIG_DIR }: GivenEnvironment['variables']): boolean {
  return Boolean(CONFIG_DIR) || existsSync(join('config', 'projects'));
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, HOST, () => server.close(() => resolve(true)));
  });
}
