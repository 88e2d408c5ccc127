// The built server in its own process, with temporary folders.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const DIST = fileURLToPath(new URL('../dist/', import.meta.url));
const LIVE_HEAP = fileURLToPath(new URL('live-heap.cjs', import.meta.url));
const READY_WITHIN_MS = 60_000;

/** A temporary folder with `config/projects`. */
export class Place {
  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'jobato-bench-'));
    this.databaseFile = join(this.folder, 'data', 'db', 'jobato.db');
    mkdirSync(join(this.folder, 'config', 'projects'), { recursive: true });
  }

  /** @param body lines of YAML after the id */
  addProject(id, body) {
    writeFileSync(join(this.folder, 'config', 'projects', `${id}.yaml`), `id: ${id}\n${body}\n`);
  }

  addProjects(prefix, count, body) {
    const ids = Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
    for (const id of ids) this.addProject(id, body);
    return ids;
  }

  remove() {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export class ServerProcess {
  /**
   * @param program `main.js`, or another program that accepts the same environment
   * @param tellsHeap enables `liveMebibytes`
   */
  static async start(
    place,
    { environment = {}, program = join(DIST, 'main.js'), profile = null, tellsHeap = false } = {},
  ) {
    const port = await freePort();
    const startedAt = performance.now();
    const flags = [
      ...(profile === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`]),
      ...(tellsHeap ? ['--require', LIVE_HEAP] : []),
    ];
    const child = spawn(process.execPath, [...flags, program], {
      cwd: place.folder,
      stdio: ['ignore', 'ignore', 'pipe', ...(tellsHeap ? ['ipc'] : [])],
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        NODE_ENV: 'production',
        PORT: String(port),
        LOG_LEVEL: 'error',
        ...environment,
      },
    });
    const server = new ServerProcess(child, port);
    try {
      while (!(await server.isReady())) {
        if (server.hasEnded) throw new Error(`The server has ended: ${server.words}`);
        if (performance.now() - startedAt > READY_WITHIN_MS)
          throw new Error('The server does not become ready.');
        await delay(5);
      }
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
    server.startMs = performance.now() - startedAt;
    return server;
  }

  constructor(child, port) {
    this.child = child;
    this.port = port;
    this.url = `http://127.0.0.1:${port}`;
    this.words = '';
    this.hasEnded = false;
    child.stderr.setEncoding('utf8').on('data', (text) => (this.words += text));
    this.ended = new Promise((resolve) => child.once('close', resolve)).then(() => (this.hasEnded = true));
    const killAtExit = () => child.kill('SIGKILL');
    process.once('exit', killAtExit);
    void this.ended.then(() => process.off('exit', killAtExit));
  }

  async isReady() {
    return fetch(`${this.url}/api/health/ready`).then(
      (response) => response.ok,
      () => false,
    );
  }

  async get(path) {
    const response = await fetch(`${this.url}${path}`, { headers: { Accept: 'application/json' } });
    if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
    return response.json();
  }

  async post(path, body = {}) {
    const response = await fetch(`${this.url}${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${await response.text()}`);
    return response.json();
  }

  /** Resolves when no run is active. Polls rarely enough not to affect the measurement. */
  async idle(withinMs = 120_000) {
    const deadline = performance.now() + withinMs;
    while ((await this.get('/api/runs?status=running&limit=1')).items.length > 0) {
      if (performance.now() > deadline) throw new Error(`Runs are still going on after ${withinMs} ms.`);
      await delay(10);
    }
  }

  /** Resident memory in MiB; null if the system does not report it. */
  get residentMebibytes() {
    try {
      const [, kibibytes] = /^VmRSS:\s+(\d+) kB/m.exec(
        readFileSync(`/proc/${this.child.pid}/status`, 'utf8'),
      );
      return Number(kibibytes) / 1024;
    } catch {
      return null;
    }
  }

  /** Processor time of all threads in milliseconds; null if the system does not report it. Linux counts 10 ms each. */
  get processorMs() {
    try {
      const [, utime, stime] = /\) (?:\S+ ){11}(\d+) (\d+)/.exec(
        readFileSync(`/proc/${this.child.pid}/stat`, 'utf8'),
      );
      return (Number(utime) + Number(stime)) * 10;
    } catch {
      return null;
    }
  }

  /** Returns the memory in use after a full garbage collection, in MiB. */
  async liveMebibytes() {
    this.child.send('collect');
    const [bytes] = await once(this.child, 'message');
    return bytes / 1024 / 1024;
  }

  async stop() {
    this.child.kill('SIGTERM');
    const kill = setTimeout(() => this.child.kill('SIGKILL'), 30_000);
    await this.ended;
    clearTimeout(kill);
  }
}

/** Runs a server while `use` runs, and stops it afterwards. */
export async function withServer(place, options, use) {
  const server = await ServerProcess.start(place, options);
  try {
    return await use(server);
  } finally {
    await server.stop();
  }
}

export function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}
