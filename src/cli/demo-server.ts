import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { GivenEnvironment } from '../config/environment';
import { adminToken } from './admin-token';
import { CliFailure, EXIT } from './failures';
import { JobatoClient } from './jobato-client';

const HOST = '127.0.0.1';
const USUAL_PORT = 3000;
const READY_WITHIN_MS = 60_000;
/** The server is out by itself within 25 s. */
const KILL_AFTER_MS = 30_000;

/** The real server as a process of its own, for as long as the demonstration needs it. */
export class DemoServer {
  /** What it says where people would see it: why it cannot start. */
  private words = '';
  private hasEnded = false;
  readonly ended: Promise<void>;

  private constructor(
    private readonly child: ChildProcess,
    readonly client: JobatoClient,
    readonly dataDir: string,
    /** Its log, kept off the terminal. */
    readonly logFile: string,
  ) {
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (this.words += text));
    this.ended = new Promise((resolve) => {
      child.once('error', (error) => {
        this.words += error.message;
        resolve();
      });
      child.once('close', () => resolve());
    });
    void this.ended.then(() => (this.hasEnded = true));
    // However this process comes to its end, the server does not outlive it.
    process.once('exit', () => child.kill('SIGTERM'));
  }

  static async start({ variables, own }: GivenEnvironment): Promise<DemoServer> {
    const token = adminToken(variables);
    const port = Number(variables.PORT || (await portToUse()));
    const dataDir = resolve(variables.DATA_DIR || 'data');
    const logFile = join(dataDir, 'demo.log');
    mkdirSync(dataDir, { recursive: true });
    const log = openSync(logFile, 'a');
    const child = spawn(process.execPath, [join(__dirname, '..', 'main.js')], {
      stdio: ['ignore', log, 'pipe'],
      env: {
        // The server reads .env for itself: what is in there must not enter its environment block.
        ...own,
        HOST,
        PORT: String(port),
        WORKER: 'embedded',
        LOG_LEVEL: variables.LOG_LEVEL || 'warn',
        // Plain HTTP on loopback, whatever .env says for other occasions.
        TLS_CERT_FILE: '',
        TLS_KEY_FILE: '',
      },
    });
    closeSync(log);
    const client = new JobatoClient({
      url: `http://${HOST}:${port}`,
      token,
    });
    return new DemoServer(child, client, dataDir, logFile);
  }

  /** @throws CliFailure with the server's own words, if it ends or takes too long */
  async ready(stop: AbortSignal): Promise<void> {
    const deadline = performance.now() + READY_WITHIN_MS;
    while (!stop.aborted) {
      if (this.hasEnded) throw new CliFailure(this.whyItEnded(), EXIT.notCompleted);
      if (await this.client.isReady()) return;
      if (performance.now() > deadline) {
        throw new CliFailure(
          `The server is not ready after ${READY_WITHIN_MS / 1000} s. Its log is in ${this.logFile}.`,
          EXIT.notCompleted,
        );
      }
      await Promise.race([this.ended, delay(100)]);
    }
  }

  whyItEnded(): string {
    const words = this.words.trim() || `It said nothing; its log is in ${this.logFile}.`;
    const isFolderTaken = words.startsWith('Another Jobato is using');
    return [
      `The server has ended. ${words}`,
      ...(isFolderTaken ? ['For a demonstration beside it: DATA_DIR=data/demo npm run demo'] : []),
    ].join('\n');
  }

  /** Resolves when it is gone, with all that it had started. */
  async stop(): Promise<void> {
    if (this.hasEnded) return;
    this.child.kill('SIGTERM');
    const kill = setTimeout(() => this.child.kill('SIGKILL'), KILL_AFTER_MS);
    await this.ended;
    clearTimeout(kill);
  }
}

/** The usual port, or one that is free. */
async function portToUse(): Promise<number> {
  return (await freePort(USUAL_PORT)) ?? (await freePort(0)) ?? USUAL_PORT;
}

function freePort(wanted: number): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(null));
    server.listen(wanted, HOST, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : null));
    });
  });
}
