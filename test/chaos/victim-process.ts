import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { within } from '../support/crash';
import { ClockOffset } from './clock-offset';

const ROOT = join(__dirname, '..', '..');
/** The machine may be busy with others. */
const UP_WITHIN_MS = 180_000;
/** The server has promised 25 s, a worker 24 s. */
const STOPS_WITHIN_MS = 40_000;

/** The exit code of a stop that reached its limit before its runs were recorded or handed back. */
const CUT_OFF = 1;

/** A built program that is killed at any moment, also while it starts, and started again. */
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
    /** Receives each end that the test did not cause. */
    private readonly ownEnds: string[],
  ) {
    this.clock = new ClockOffset(`${logFile}.clock`);
  }

  /** @param more variables of this life only */
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
        // Told to stop before it can listen to that, it dies of the signal.
        const hasStopped =
          this.stopping === child &&
          (code === 0 || signal === 'SIGTERM' || (code === CUT_OFF && this.mayBeCutOff()));
        if (signal !== 'SIGKILL' && !hasStopped)
          this.ownEnds.push(`${this.name} ended (${code ?? signal}): ${said.join('\n')}`);
        reject(new Error(`${this.name} ended (${code ?? signal}) before it was up:\n${said.join('\n')}`));
      });
    });
    this.up.catch(() => {}); // Killed while it started: whoever waits for it hears of it.
  }

  kill(): Promise<void> {
    return this.end('SIGKILL');
  }

  /**
   * As whoever runs it would: it has to end by itself, in good order.
   * @param mayBeCutOff asked when it has ended
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

  /** The most memory that a life of it has had resident, as far as it was looked at; 0 where /proc is missing. */
  get peakMegabytes(): number {
    this.lookAtMemory();
    return Math.round(this.peakKb / 1024);
  }

  lookAtMemory(): void {
    try {
      const status = readFileSync(`/proc/${this.child?.pid}/status`, 'utf8');
      this.peakKb = Math.max(this.peakKb, Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0));
    } catch {
      // It is dead, or this system has no /proc.
    }
  }

  /** Sets its wall clock off by so much, in this life and the next ones. */
  async setClock(offsetMs: number): Promise<void> {
    this.clock.write(offsetMs);
    const { child } = this;
    try {
      // Before that it may not listen to the signal yet, and would die of it.
      await this.up;
      child?.kill('SIGUSR2');
    } catch {
      // It was killed. Its next life reads the offset when it starts.
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
