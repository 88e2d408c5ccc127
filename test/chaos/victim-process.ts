import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { within } from '../support/crash';
import { ClockOffset } from './clock-offset';

const ROOT = join(__dirname, '..', '..');
/** The machine may be busy. */
const UP_WITHIN_MS = 180_000;
/** The server promises to stop within 25 s, a worker within 24 s. */
const STOPS_WITHIN_MS = 40_000;

/** The exit code after a shutdown that reached its time limit before its runs were recorded or returned. */
const CUT_OFF = 1;

/** A built program that is killed at any time, also during its start, and started again. */
export class VictimProcess {
  private child: ChildProcess | null = null;
  private up: Promise<void> = Promise.resolve();
  private stopping: ChildProcess | null = null;
  private mayBeCutOff: () => boolean = () => false;
  private lives = 0;
  private peakKb = 0;
  private readonly clock: ClockOffset;

  constructor(
    private readonly name: string,
    private readonly program: string,
    private readonly environment: Record<string, string>,
    private readonly readyWhen: RegExp,
    private readonly logFile: string,
    /** Receives each exit that the test did not cause. */
    private readonly ownEnds: string[],
  ) {
    this.clock = new ClockOffset(`${logFile}.clock`);
  }

  /** @param more variables for this life only */
  start(more: Record<string, string> = {}): void {
    const { NODE_OPTIONS: options = '', ...environment } = this.environment;
    const child = spawn(process.execPath, [join(ROOT, 'dist', this.program)], {
      cwd: ROOT,
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        ...environment,
        NODE_OPTIONS: `${options} ${this.clock.nodeOptions}`,
        ...this.clock.environment,
        ...more,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    const life = ++this.lives;
    const said: string[] = [];
    this.up = new Promise((resolve, reject) => {
      const read = (line: string) => {
        appendFileSync(this.logFile, `${life} ${line}\n`);
        if (said.push(line) > 20) said.shift();
        if (this.readyWhen.test(line)) resolve();
      };
      createInterface({ input: child.stdout }).on('line', read);
      createInterface({ input: child.stderr }).on('line', read);
      child.once('exit', (code, signal) => {
        appendFileSync(this.logFile, `${life} ended: ${code ?? signal}\n`);
        // Before it handles SIGTERM, the signal kills it.
        const hasStopped =
          this.stopping === child &&
          (code === 0 || signal === 'SIGTERM' || (code === CUT_OFF && this.mayBeCutOff()));
        if (signal !== 'SIGKILL' && !hasStopped)
          this.ownEnds.push(`${this.name} ended (${code ?? signal}): ${said.join('\n')}`);
        reject(new Error(`${this.name} ended (${code ?? signal}) before it was up:\n${said.join('\n')}`));
      });
    });
    this.up.catch(() => {}); // killed during its start; callers that wait for it receive the rejection
  }

  kill(): Promise<void> {
    return this.end('SIGKILL');
  }

  /**
   * Sends SIGTERM, as an operator would; the process must shut down in an orderly way.
   * @param mayBeCutOff called after the exit
   */
  stop(mayBeCutOff: () => boolean = () => false): Promise<void> {
    this.stopping = this.child;
    this.mayBeCutOff = mayBeCutOff;
    return within(STOPS_WITHIN_MS, `${this.name} to stop`, this.end('SIGTERM'));
  }

  pause(): void {
    this.child?.kill('SIGSTOP');
  }

  resume(): void {
    this.child?.kill('SIGCONT');
  }

  /** The largest resident memory of a life, as far as sampled; 0 without /proc. */
  get peakMegabytes(): number {
    this.lookAtMemory();
    return Math.round(this.peakKb / 1024);
  }

  lookAtMemory(): void {
    try {
      const status = readFileSync(`/proc/${this.child?.pid}/status`, 'utf8');
      this.peakKb = Math.max(this.peakKb, Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0));
    } catch {
      // The process is dead, or the system has no /proc.
    }
  }

  /** Shifts its wall clock, in this life and later ones. */
  async setClock(offsetMs: number): Promise<void> {
    this.clock.write(offsetMs);
    const { child } = this;
    try {
      // Before that it may not handle the signal yet, which would kill it.
      await this.up;
      child?.kill('SIGUSR2');
    } catch {
      // It was killed. Its next life reads the offset at start-up.
    }
  }

  presetClock(offsetMs: number): void {
    this.clock.write(offsetMs);
  }

  untilUp(): Promise<void> {
    return within(UP_WITHIN_MS, `${this.name} to be up`, this.up);
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    this.lookAtMemory();
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }
}
