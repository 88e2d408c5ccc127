import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { processesWithEnvironment } from '../../src/executor/process-group';

const ROOT = join(__dirname, '..', '..');

/** The built worker in its own process. */
export class WorkerChild {
  workerId = '';

  private constructor(
    readonly child: ChildProcess,
    readonly output: string[],
  ) {}

  /** Starts the worker and waits until it takes runs. */
  static async start(environment: Record<string, string>): Promise<WorkerChild> {
    const worker = WorkerChild.spawn(environment);
    await worker.says(/accepts runs/);
    worker.workerId = /Worker (\S+) accepts runs/.exec(worker.output.join('\n'))![1]!;
    return worker;
  }

  static spawn(environment: Record<string, string>): WorkerChild {
    const child = spawn(process.execPath, [join(ROOT, 'dist', 'worker.js')], {
      cwd: ROOT,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output: string[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => output.push(line));
    createInterface({ input: child.stderr }).on('line', (line) => output.push(line));
    return new WorkerChild(child, output);
  }

  /** Resolves as soon as the output matches. Throws if the process ends first. */
  async says(what: RegExp): Promise<void> {
    while (!this.output.some((line) => what.test(line))) {
      const ended = this.child.exitCode ?? this.child.signalCode;
      if (ended !== null) throw new Error(`The worker ended (${ended}):\n${this.output.join('\n')}`);
      await Promise.race([
        once(this.child.stdout!, 'data'),
        once(this.child.stderr!, 'data'),
        once(this.child, 'exit'),
      ]);
      await new Promise((next) => setImmediate(next));
    }
  }

  /** Ends the worker and waits for its exit. @returns its exit code, or the signal that ended it */
  async end(signal: NodeJS.Signals): Promise<number | string | null> {
    const { exitCode, signalCode } = this.child;
    if (exitCode !== null || signalCode !== null) return exitCode ?? signalCode;
    const gone = once(this.child, 'exit') as Promise<[number | null, string | null]>;
    this.child.kill(signal);
    const [code, bySignal] = await gone;
    return code ?? bySignal;
  }

  /** Resolves with the exit code after the worker has ended. */
  async ended(): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit');
    return this.child.exitCode;
  }
}

/** Returns the live step processes of all workers below this DATA_DIR. */
export function livingSteps(dataDir: string): number[] {
  return processesWithEnvironment(`JOBATO_RUN_DIR=${dataDir}/`);
}

/** Returns a port that was free just now, for a server that restarts at the same address. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
