import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { Redis, type RedisOptions } from 'ioredis';

const STARTS_WITHIN_MS = 15_000;
const PORT_ATTEMPTS = 5;

export interface RedisServerOptions {
  /** Syncs every append to disk before the reply, so that it survives a kill. Without this, Redis persists nothing. */
  persistent?: boolean;
  /** `requirepass` */
  password?: string;
  /** Further arguments of redis-server, such as `['--maxmemory', '5mb']`. */
  more?: string[];
}

/** A real Redis for one test, on a port that stays the same over restarts. */
export class RedisServer {
  private child: ChildProcess | null = null;
  private readonly clients = new Set<Redis>();

  private constructor(
    readonly port: number,
    /** The working directory; kept over restarts. */
    readonly dir: string,
    private password: string | null,
    private readonly options: RedisServerOptions,
  ) {}

  static async start(options: RedisServerOptions = {}): Promise<RedisServer> {
    for (let attempt = 1; ; attempt++) {
      const dir = mkdtempSync(join(tmpdir(), 'jobato-redis-'));
      const server = new RedisServer(await freePort(), dir, options.password ?? null, options);
      try {
        await server.restart();
        return server;
      } catch (error) {
        // Another process may have taken the port in between.
        await server.end();
        if (attempt === PORT_ATTEMPTS || !String(error).includes('in use')) throw error;
      }
    }
  }

  /** The address, including the password if there is one. */
  get url(): string {
    const credentials = this.password === null ? '' : `:${encodeURIComponent(this.password)}@`;
    return `redis://${credentials}127.0.0.1:${this.port}`;
  }

  get isAlive(): boolean {
    return this.child !== null && this.child.exitCode === null && this.child.signalCode === null;
  }

  get pid(): number {
    if (!this.isAlive) throw new Error('Redis is not running.');
    return this.child!.pid!;
  }

  /** Returns a client for the test, which is closed together with the server. */
  client(options: RedisOptions = {}): Redis {
    const client = new Redis(this.url, { maxRetriesPerRequest: null, ...options });
    client.on('error', () => {}); // tests kill the server, so lost connections are expected
    this.clients.add(client);
    client.once('end', () => this.clients.delete(client));
    return client;
  }

  /** Starts it again on the same port after `stop` or `kill`, with the persisted data. Resolves when it is ready. */
  async restart({ password }: { password?: string | null } = {}): Promise<void> {
    if (this.isAlive) throw new Error('Redis is still running.');
    if (password !== undefined) this.password = password;
    const child = spawn(redisProgram(), this.arguments(), { stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = child;
    await ready(child);
  }

  /** Sends SIGTERM: Redis closes its connections and writes persistent data. */
  async stop(): Promise<void> {
    await this.endProcess('SIGTERM');
  }

  /** Sends SIGKILL: data that is not persisted is lost. */
  async kill(): Promise<void> {
    await this.endProcess('SIGKILL');
  }

  /** Sends SIGSTOP: connections stay open without replies. */
  pause(): void {
    process.kill(this.pid, 'SIGSTOP');
  }

  resume(): void {
    process.kill(this.pid, 'SIGCONT');
  }

  /** Ends the server and its clients, and deletes its folder, in every state. */
  async end(): Promise<void> {
    for (const client of this.clients) client.disconnect();
    await this.kill();
    rmSync(this.dir, { recursive: true, force: true });
  }

  private async endProcess(signal: NodeJS.Signals): Promise<void> {
    if (!this.isAlive) return;
    const exited = once(this.child!, 'exit');
    this.child!.kill(signal);
    // A paused process handles SIGTERM only after SIGCONT.
    this.child!.kill('SIGCONT');
    await exited;
  }

  private arguments(): string[] {
    const { persistent = false, more = [] } = this.options;
    return [
      ...['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.dir, '--save', ''],
      ...(persistent ? ['--appendonly', 'yes', '--appendfsync', 'always'] : ['--appendonly', 'no']),
      ...(this.password === null ? [] : ['--requirepass', this.password]),
      ...more,
    ];
  }
}

/** Resolves when the server accepts connections. Rejects with its output if it ends first. */
async function ready(child: ChildProcess): Promise<void> {
  const said: string[] = [];
  const lines = createInterface({ input: child.stdout! });
  child.stderr!.setEncoding('utf8').on('data', (text: string) => said.push(text));
  let timer: NodeJS.Timeout | undefined;
  const answer = new Promise<void>((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`redis-server ${why}:\n${said.join('\n')}`));
    timer = setTimeout(() => fail(`was not ready within ${STARTS_WITHIN_MS} ms`), STARTS_WITHIN_MS);
    child.once('error', (error) => fail(`could not be started (${error.message})`));
    child.once('close', (code) => fail(`ended with ${code}`));
    // Keeps reading while the server lives: a full pipe would block it.
    lines.on('line', (line) => {
      if (said.push(line) > 200) said.shift();
      if (line.includes('Ready to accept connections')) resolve();
    });
  });
  await answer.finally(() => clearTimeout(timer));
}

/** Returns the program to start: `REDIS_SERVER`, or the first one on the PATH. */
function redisProgram(): string {
  const given = process.env.REDIS_SERVER;
  if (given !== undefined) return given;
  const places = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'redis-server'));
  const found = places.find((place) => existsSync(place));
  if (found !== undefined) return found;
  throw new Error(
    'No redis-server on the PATH. Install it (Debian: apt-get install redis-server), or set REDIS_SERVER to its path.',
  );
}

/** Returns a port that is free at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
