import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import type { StoppingCause } from '../events/run-event';
import type { StopCause } from './attempt';
import { type EndingOutput, GroupEnding } from './group-ending';
import { groupIsAlive, processesWithVariables } from './process-group';
import { ProcessRegistry } from './process-registry';
import { startFailure } from './start-failure';
import type { StartRequest } from './start-obstacle';
import { closePipe, closeWriteEnd, type OpenPipe, readEndOf, StepPipes } from './step-pipes';

export interface StepRequest extends StartRequest {
  /** Passes one pipe as stdout and stderr, which keeps the order of all lines. */
  mergeOutput: boolean;
  /** Null for no limit. */
  timeoutSeconds: number | null;
  /** Stops the step early. */
  stop: AbortSignal;
  output: StepOutput;
}

/** Receives the output of a step. */
export interface StepOutput extends EndingOutput {
  stdout(bytes: Buffer): void;
  stderr(bytes: Buffer): void;
  /** File descriptor 3. */
  report(bytes: Buffer): void;
  /** Returns null if there is room for more output. Otherwise the step waits for the returned promise. */
  waitForRoom(): Promise<void> | null;
}

export type StepExit =
  | { kind: 'exited'; exitCode: number | null; signal: NodeJS.Signals | null }
  /** The runner terminated the step or did not start it, so its exit code is not a result. */
  | { kind: 'stopped' | 'timed-out'; exitCode: number | null; signal: NodeJS.Signals | null }
  | { kind: 'not-started'; message: string };

/**
 * While a pipe is open after a step has ended, it is checked at this interval. The first check kills the processes of
 * the run that are left, and the last one abandons the pipe.
 */
const PIPE_CHECK_EVERY_MS = 1000;
const MAX_PIPE_CHECKS = 3;

/** Executes one step as a child process in its own process group, and terminates the whole group. */
@Injectable()
export class StepRunner {
  constructor(
    private readonly registry: ProcessRegistry,
    private readonly stepPipes: StepPipes,
  ) {}

  async run(request: StepRequest): Promise<StepExit> {
    const ends = await this.stepPipes.take(request.mergeOutput ? 2 : 3);
    if (request.stop.aborted) {
      ends?.forEach(closePipe);
      return { kind: 'stopped', exitCode: null, signal: null };
    }
    let child: ChildProcess;
    try {
      child = this.start(request, ends);
    } catch (error) {
      ends?.forEach(closePipe);
      return { kind: 'not-started', message: await startFailure(error as NodeJS.ErrnoException, request) };
    }
    const groupId = child.pid;
    if (groupId === undefined) {
      ends?.forEach(closePipe);
      return { kind: 'not-started', message: await startFailure(await errorOf(child), request) };
    }
    ends?.forEach(closeWriteEnd); // otherwise the read end would never reach its end

    const forget = this.registry.remember(groupId);
    const ending = new GroupEnding(groupId, request.output);
    let endedBy: 'stopped' | 'timed-out' | null = null;
    const end = (by: 'stopped' | 'timed-out') => () => {
      endedBy ??= by;
      ending.begin(by === 'timed-out' ? 'step-timed-out' : causeOf(request.stop));
    };
    const onStop = end('stopped');
    request.stop.addEventListener('abort', onStop, { once: true });
    const timer =
      request.timeoutSeconds === null ? null : setTimeout(end('timed-out'), request.timeoutSeconds * 1000);
    const streams = ends?.map(readEndOf) ?? (child.stdio.slice(1) as Readable[]);
    try {
      const pipes = this.connect(streams, request);
      const { exitCode, signal } = await exitOf(child);
      // Decide now: a later stop does not change a real result.
      const kind = endedBy ?? 'exited';
      if (timer) clearTimeout(timer);
      request.stop.removeEventListener('abort', onStop);

      if (groupIsAlive(groupId)) {
        if (kind === 'exited')
          request.output.remark('The step has ended but left processes behind. Stopping them.');
        ending.begin('left-behind');
        await ending.done();
      }
      // Processes that left the group are killed after a stop or time-out. After a normal exit, only while a pipe is open.
      const endStrays = () => killStrays(request.env);
      if (kind !== 'exited') endStrays();
      await pipes.readToEnd(endStrays);
      return { kind, exitCode, signal };
    } finally {
      if (timer) clearTimeout(timer);
      ending.cancelTimers();
      for (const stream of streams) stream.destroy();
      forget();
    }
  }

  private start(
    { command: [program, ...args], workingDir, env }: StepRequest,
    ends: OpenPipe[] | null,
  ): ChildProcess {
    const ownEnds: (number | 'pipe')[] = ends?.map(({ writeEnd }) => writeEnd) ?? ['pipe', 'pipe', 'pipe'];
    const [out, err, report] = outputs(ownEnds);
    return spawn(program!, args, {
      cwd: workingDir,
      env,
      detached: true, // a separate process group, so that all of it can be terminated
      stdio: ['ignore', out, err, report],
      windowsHide: true,
    });
  }

  private connect(streams: Readable[], { mergeOutput, output }: StepRequest): Pipes {
    const pipes = new Pipes(output);
    const [out, err, report] = outputs(streams);
    pipes.read(out, (bytes) => output.stdout(bytes));
    // Without named pipes, merged output also has two streams.
    if (err !== out) pipes.read(err, (bytes) => (mergeOutput ? output.stdout(bytes) : output.stderr(bytes)));
    pipes.read(report, (bytes) => output.report(bytes));
    return pipes;
  }
}

/** Returns stdout, stderr and descriptor 3. Of two pipes, the first is both stdout and stderr. */
function outputs<Pipe>(pipes: Pipe[]): [Pipe, Pipe, Pipe] {
  return pipes.length === 2 ? [pipes[0]!, pipes[0]!, pipes[1]!] : (pipes as [Pipe, Pipe, Pipe]);
}

/** Reads the output of a step, with back-pressure. */
class Pipes {
  private readonly open = new Set<Readable>();
  private onAllClosed: () => void = () => undefined;

  constructor(private readonly output: StepOutput) {}

  read(stream: Readable, take: (bytes: Buffer) => void): void {
    this.open.add(stream);
    stream.on('data', (bytes: Buffer) => {
      take(bytes);
      const wait = this.output.waitForRoom();
      if (wait === null) return;
      stream.pause();
      void wait.then(() => stream.resume());
    });
    stream.on('error', () => undefined); // a broken pipe has ended
    stream.once('close', () => {
      this.open.delete(stream);
      if (this.open.size === 0) this.onAllClosed();
    });
  }

  /**
   * Resolves when all pipes are closed or abandoned. A process outside of the group may hold a pipe open, silent or
   * writing. `endStrays` kills it; if that fails, the pipe is abandoned. The step's own output has been read by then.
   */
  async readToEnd(endStrays: () => void): Promise<void> {
    if (this.open.size === 0) return;
    await new Promise<void>((resolve) => {
      let checks = 0;
      const timer = setInterval(() => {
        if (this.output.waitForRoom() !== null) return; // log storage is behind, so do not count this check
        if (++checks === 1) endStrays();
        if (checks >= MAX_PIPE_CHECKS) this.onAllClosed();
      }, PIPE_CHECK_EVERY_MS);
      this.onAllClosed = () => {
        clearInterval(timer);
        resolve();
      };
    });
  }
}

function causeOf({ reason }: AbortSignal): StoppingCause {
  const cause = reason as StopCause;
  // Events have no cause `lost`. A lost attempt publishes nothing more, so no one sees this one.
  return cause === 'lost' ? 'stop-requested' : cause;
}

/** The variables that identify the processes of one attempt at a step. Steps side by side share only the first one. */
const OWN_VARIABLES = ['JOBATO_RUN_ID', 'JOBATO_STEP', 'JOBATO_STEP_ATTEMPT'];

/** Kills processes that moved to another group (setsid). They still have the variables of their step. */
function killStrays(env: Record<string, string>): void {
  const own = OWN_VARIABLES.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]]));
  if (own.length < OWN_VARIABLES.length) return;
  for (const pid of processesWithVariables(Object.fromEntries(own) as Record<string, string>)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // The process has already exited.
    }
  }
}

function exitOf(child: ChildProcess): Promise<{ exitCode: number | null; signal: NodeJS.Signals | null }> {
  return new Promise((resolve) => child.once('exit', (exitCode, signal) => resolve({ exitCode, signal })));
}

function errorOf(child: ChildProcess): Promise<NodeJS.ErrnoException> {
  return new Promise((resolve) => child.once('error', resolve));
}
