import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..');

export interface CliResult {
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

/** Whether `script` of util-linux is there, which opens pseudo terminals. */
export function hasPseudoTerminals(): boolean {
  return spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux') ?? false;
}

/** A command line program in its own process, with its output up to now. */
export class CliProcess {
  stdout = '';
  stderr = '';
  readonly ended: Promise<CliResult>;
  private onOutput: (() => void)[] = [];

  private constructor(readonly child: ChildProcess) {
    child.stdout!.setEncoding('utf8').on('data', (text: string) => this.add('stdout', text));
    child.stderr!.setEncoding('utf8').on('data', (text: string) => this.add('stderr', text));
    this.ended = new Promise((resolve) =>
      child.once('close', (exitCode) => {
        resolve({ exitCode, stdout: this.stdout, stderr: this.stderr });
        for (const look of this.onOutput) look();
      }),
    );
  }

  /** @param program path relative to the root of the project */
  static start(program: string, args: string[], environment: Record<string, string>, cwd = ROOT): CliProcess {
    return CliProcess.startAt(join(ROOT, program), args, environment, cwd);
  }

  /** @param program path of a script */
  static startAt(
    program: string,
    args: string[],
    environment: Record<string, string>,
    cwd: string,
  ): CliProcess {
    const child = spawn(process.execPath, [program, ...args], {
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...environment },
    });
    return new CliProcess(child);
  }

  /** The same on a pseudo terminal of this width, which joins both outputs. */
  static onTerminal(
    program: string,
    args: string[],
    columns: number,
    environment: Record<string, string>,
  ): CliProcess {
    const words = [process.execPath, join(ROOT, program), ...args].map((word) => `'${word}'`).join(' ');
    const child = spawn('script', ['-qec', `stty cols ${columns}; exec ${words}`, '/dev/null'], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH, HOME: process.env.HOME, TERM: 'xterm-256color', ...environment },
    });
    return new CliProcess(child);
  }

  /** Resolves as soon as stdout or stderr contains the text. Throws if the process ends first. */
  async says(text: string): Promise<void> {
    const has = () => this.stdout.includes(text) || this.stderr.includes(text);
    while (!has()) {
      if (this.child.exitCode !== null || this.child.signalCode !== null) {
        await this.ended;
        if (has()) return;
        throw new Error(`It ended without saying "${text}":\n${this.stdout}\n${this.stderr}`);
      }
      await new Promise<void>((resolve) => this.onOutput.push(resolve));
      this.onOutput = [];
    }
  }

  private add(stream: 'stdout' | 'stderr', text: string): void {
    this[stream] += text;
    for (const look of this.onOutput) look();
  }
}
