import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { Config } from '../config/config';
import type { StepDefinition } from '../projects/project';
import type { Clock } from '../clock/clock';
import { storageReasonOf } from '../database/storage-error';
import type { QuotaBudget, RunEvent } from '../events/run-event';
import type { ArtifactFiles } from '../artifacts/artifact-files';
import { PRIVATE_FOLDER } from '../lifecycle/private-files';
import { LEASE_SECONDS } from '../runs/lease';
import type { Artifact } from '../runs/run';
import type { Attempt, StopCause } from './attempt';
import type { Assignment, ControlPlane, Standing } from './control-plane';
import { isAnyDiskFull } from './disk-room';
import { EventReporter } from './event-reporter';
import type { LogBudget } from './log-budget';
import { LogForwarder } from './log-forwarder';
import { SecretMask } from './secret-mask';
import { type StepContext, secretsOf, stepEnvironment } from './step-environment';
import { StepIo } from './step-io';
import type { StepExit, StepRunner } from './step-runner';

type Ending =
  | { kind: 'completed' }
  | { kind: 'failed'; step: string; code: string; message: string; reason: string }
  | { kind: 'stopped'; cause: StopCause };

/** In the order in which one of them is named, where several apply. */
const LOSS_REASONS = ['artifact-missing', 'events-rejected', 'log-incomplete'] as const;
type LossReason = (typeof LOSS_REASONS)[number];

export interface AttemptTools {
  config: Config;
  clock: Clock;
  control: ControlPlane;
  artifacts: ArtifactFiles;
  steps: StepRunner;
  logBudget: LogBudget;
}

/** In the run's folder: too much for a variable. */
const INPUTS_FILE = 'inputs.json';
/** A file that is being sent when the run is stopped gets this long, and so does one that the stopped step reports. */
const UPLOAD_AFTER_STOP_MS = 5000;

/** After so many calls without an answer, the next heartbeat asks. */
const CHECK_STOP_TRIES = 3;
const CHECK_STOP_AGAIN_MS = 250;

/** One worker's go at one run: claimed before, then prepare → run the steps → say how it ended. */
export class RunAttempt implements Attempt {
  private readonly logger = new Logger(RunAttempt.name);
  private readonly stopping = new AbortController();
  private readonly isLost = new AbortController();
  private readonly uploadsEnd = new AbortController();
  private readonly events: EventReporter;
  private readonly log: LogForwarder;
  private readonly mask: SecretMask;
  /** Set by a step: the run shall end as partial. */
  private partialReason: string | null = null;
  /** Calls that the steps until now have issued against the quota. */
  private quotaUsed = 0;
  /** What the run lacks although no step says so: reasons for an end as partial. */
  private readonly missing = new Set<LossReason>();
  private beating = false;
  private checkingStop = false;
  private mustCheckStopAgain = false;
  /** How the attempt ended; null until it has, and where that is for others to say. */
  private end: RunEvent | null = null;

  constructor(
    private readonly workerId: string,
    private readonly assignment: Assignment,
    private readonly tools: AttemptTools,
  ) {
    const { run, definition } = assignment;
    const { control } = tools;
    this.events = new EventReporter(
      run.runId,
      (events) => control.publish(run, events),
      tools.clock,
      this.logger,
    );
    this.log = new LogForwarder(
      (lines, firstNumber) => control.appendLog(run, lines, firstNumber),
      this.logger,
      tools.logBudget,
    );
    this.mask = new SecretMask(secretsOf(definition.steps, tools.config.environment));
  }

  get runId(): string {
    return this.assignment.run.runId;
  }

  get projectId(): string {
    return this.assignment.run.projectId;
  }

  get attempt(): number {
    return this.assignment.run.attempt;
  }

  /** The first cause counts; but whoever has lost the run has nothing more to say about it. */
  stop(cause: StopCause): void {
    if (cause === 'lost') {
      this.isLost.abort();
      this.uploadsEnd.abort();
      this.events.giveUp();
      this.log.giveUp();
    }
    if (this.stopping.signal.aborted) return;
    this.stopping.abort(cause);
    setTimeout(() => this.uploadsEnd.abort(), UPLOAD_AFTER_STOP_MS).unref();
  }

  checkStop(): void {
    // One question at a time, however many entries ask for a stop; its answer may be older than the last entry.
    this.mustCheckStopAgain = true;
    if (!this.checkingStop) void this.checkStopUntilAnswered();
  }

  private async checkStopUntilAnswered(): Promise<void> {
    this.checkingStop = true;
    for (let failures = 0; this.mustCheckStopAgain && failures < CHECK_STOP_TRIES;) {
      this.mustCheckStopAgain = false;
      try {
        this.obey(await this.tools.control.standing(this.assignment.run));
      } catch (error) {
        failures++;
        this.mustCheckStopAgain = true;
        this.logger.warn(`The server did not answer whether run ${this.runId} must stop: ${String(error)}`);
      }
      if (this.stopping.signal.aborted) break;
      // Forged entries must not make the worker call the server without a pause.
      if (this.mustCheckStopAgain) await delay(CHECK_STOP_AGAIN_MS, undefined, { ref: false });
    }
    this.checkingStop = false;
  }

  private obey({ stillHeld, stopRequested }: Standing): void {
    if (!stillHeld) this.stop('lost');
    else if (stopRequested) this.stop('stop-requested');
  }

  /** Resolves when nothing of the attempt is alive and all of it is told. */
  async carryOut(): Promise<void> {
    const { run, definition } = this.assignment;
    this.events.report('run.started', {
      workerId: this.workerId,
      attempt: run.attempt,
      leaseSeconds: LEASE_SECONDS,
    });
    const heartbeat = setInterval(() => void this.heartbeat(), this.tools.control.heartbeatEveryMs);
    const timeout =
      definition.timeoutSeconds === null
        ? null
        : setTimeout(() => this.stop('run-timed-out'), this.leftMs(definition.timeoutSeconds));
    try {
      const ending = await this.runSteps(await this.prepare());
      // First the log, then the end: whoever sees that the run has ended finds all of its lines.
      await this.log.flushed();
      await this.noteLosses();
      this.end = this.finish(ending);
      await this.replaceRejectedEnd();
    } catch (error) {
      this.logger.error(`Run ${run.runId} broke off: ${String((error as Error).stack ?? error)}`);
      await this.log.flushed();
      const isDiskFull = storageReasonOf(error) === 'full';
      this.end = this.events.report('run.failed', {
        attempt: run.attempt,
        errorCode: isDiskFull ? 'DISK_FULL' : 'INTERNAL',
        message: isDiskFull
          ? 'The worker could not carry the run out because its disk is full. Free some space and run it again.'
          : 'The worker could not carry the run out. The log of the server has the details.',
        reason: 'worker-failed',
      });
    } finally {
      if (timeout) clearTimeout(timeout);
      await this.events.published();
      clearInterval(heartbeat);
    }
    if (this.isLost.signal.aborted) return this.tools.control.finished(run, null);
    if (this.stopping.signal.reason === 'shutting-down' && this.end === null)
      return this.tools.control.handBack(run);
    await this.tools.control.finished(run, this.end);
  }

  /** Of the run's time: what it waited for a worker, and earlier attempts, have had their part of it. */
  private leftMs(timeoutSeconds: number): number {
    return Math.max(0, timeoutSeconds * 1000 - this.assignment.elapsedMs);
  }

  private async prepare(): Promise<StepContext> {
    const { run } = this.assignment;
    const workDir = join(this.tools.config.workDir, run.projectId);
    const runDir = this.tools.artifacts.folderOf(run.runId);
    await Promise.all([mkdir(workDir, { recursive: true, mode: PRIVATE_FOLDER }), makeEmptyFolder(runDir)]);
    const inputsFile = run.runInputs === null ? null : join(runDir, INPUTS_FILE);
    if (inputsFile !== null) await writeFile(inputsFile, run.runInputs!);
    const { runId, projectId, scope, attempt, params, quota } = run;
    return { runId, projectId, scope, attempt, params, workDir, runDir, inputsFile, quota };
  }

  private async runSteps(context: StepContext): Promise<Ending> {
    const { run, definition } = this.assignment;
    for (const { name } of run.steps) {
      if (this.stopping.signal.aborted) {
        return { kind: 'stopped', cause: this.stopping.signal.reason as StopCause };
      }
      const step = definition.steps.find((candidate) => candidate.name === name);
      if (!step) throw new Error(`The definition has no step "${name}".`);
      const failure = await this.runStep(step, context);
      if (failure) return failure;
    }
    // A stop that comes now comes too late: everything is done, and that is how the run ends.
    return { kind: 'completed' };
  }

  /** @returns how the run ends because of it, or null if the next step may begin */
  private async runStep(step: StepDefinition, context: StepContext): Promise<Ending | null> {
    const { attempt } = this.assignment.run;
    const { config } = this.tools;
    this.events.report('run.progress', { attempt, step: step.name, stepStatus: 'running' });
    const io = new StepIo(step.name, attempt, this.mask, this.log, this.events, this.tools.clock, (path) =>
      this.takeArtifact(path),
    );
    const exit = await this.tools.steps.run({
      command: step.command,
      workingDir: step.workingDir,
      env: stepEnvironment(step, { ...context, quota: this.quotaLeft() }, config.environment),
      timeoutSeconds: step.timeoutSeconds,
      stop: this.stopping.signal,
      output: io,
    });
    // Looked at now: there may be room again by the time that the failure is reported.
    const hasFailed = exit.kind === 'exited' && exit.exitCode !== 0;
    const isDiskFull = hasFailed && (await isAnyDiskFull([context.workDir, context.runDir]));
    await io.finished();
    this.partialReason ??= io.partialReason;
    if (io.isArtifactMissing) this.missing.add('artifact-missing');
    this.quotaUsed += io.quotaUsed;

    const ending = this.classify(step, exit, io, isDiskFull);
    const exitCode = exit.kind === 'not-started' ? null : exit.exitCode;
    if (ending === null) {
      // A step that reports an error and then exits 0 has done part of its work, and the run must not look whole.
      if (io.error) this.partialReason ??= io.error.code.toLowerCase().replaceAll('_', '-');
      this.events.report('run.progress', { attempt, step: step.name, stepStatus: 'completed', exitCode });
    } else {
      const stepStatus =
        ending.kind === 'failed' || ending.cause === 'run-timed-out' ? 'failed' : 'cancelled';
      this.events.report('run.progress', { attempt, step: step.name, stepStatus, exitCode });
    }
    return ending;
  }

  /** The budget is that of the run: what one step has used, the next one does not have. */
  private quotaLeft(): QuotaBudget | null {
    const { quota } = this.assignment.run;
    return quota && { ...quota, remaining: Math.max(0, quota.remaining - this.quotaUsed) };
  }

  private async takeArtifact(path: string): Promise<Artifact> {
    const { run } = this.assignment;
    const artifact = await this.tools.artifacts.register(run.runId, path);
    await this.tools.control.storeArtifact(run, artifact, this.uploadsEnd.signal);
    return artifact;
  }

  /** What the server refused for good is known now at the latest: a run with a hole must not end as completed. */
  private async noteLosses(): Promise<void> {
    if (this.log.refusedLines > 0) this.missing.add('log-incomplete');
    if (!this.tools.control.learnsRejections) return;
    await this.events.published();
    const { firstRejected } = this.events;
    if (firstRejected === null) return;
    this.missing.add('events-rejected');
    this.log.add([
      {
        stream: 'system',
        text: `The server rejected ${firstRejected.event.eventType}: ${firstRejected.reason}`,
      },
    ]);
    await this.log.flushed();
  }

  /** Without an end that the server takes, the run would wait until its lease is over. */
  private async replaceRejectedEnd(): Promise<void> {
    if (this.end === null || !this.tools.control.learnsRejections) return;
    await this.events.published();
    if (!this.events.isRejected(this.end)) return;
    this.end = this.events.report('run.failed', {
      attempt: this.assignment.run.attempt,
      errorCode: 'EVENT_REJECTED',
      message: `The server rejected the end of the run (${this.end.eventType}). The log of the worker has the reason.`,
      reason: 'worker-failed',
    });
  }

  private classify(
    step: StepDefinition,
    exit: StepExit,
    io: StepIo,
    isDiskFull: boolean,
  ): Exclude<Ending, { kind: 'completed' }> | null {
    const failed = (code: string, message: string, reason: string): Ending & { kind: 'failed' } => ({
      kind: 'failed',
      step: step.name,
      code,
      message: this.mask.apply(message),
      reason,
    });
    switch (exit.kind) {
      case 'stopped':
        return { kind: 'stopped', cause: this.stopping.signal.reason as StopCause };
      case 'timed-out':
        return failed(
          'STEP_TIMED_OUT',
          `Step "${step.name}" took longer than ${step.timeoutSeconds} s (timeoutSeconds) and was ended.`,
          'timed-out',
        );
      case 'not-started':
        return failed('STEP_NOT_STARTED', exit.message, 'step-failed');
      case 'exited': {
        if (exit.exitCode === 0) return null;
        const full = isDiskFull ? ' The disk is full.' : '';
        if (io.error) return failed(io.error.code, `${io.error.message}${full}`, 'step-failed');
        const how =
          exit.signal === null ? `exited with code ${exit.exitCode}` : `was ended by ${exit.signal}`;
        const last = io.lastErrorLine === null ? '' : ` Its last line: ${io.lastErrorLine}`;
        return failed('STEP_FAILED', `Step "${step.name}" ${how}.${full}${last}`, 'step-failed');
      }
    }
  }

  /** @returns null where somebody else decides about the run, or the worker hands it back */
  private finish(ending: Ending): RunEvent | null {
    const { run, definition } = this.assignment;
    const { attempt } = run;
    if (ending.kind === 'completed') {
      const reason = this.partialReason ?? LOSS_REASONS.find((loss) => this.missing.has(loss));
      return this.events.report('run.completed', {
        attempt,
        ...(reason !== undefined && { status: 'partial' as const, reason }),
      });
    }
    if (ending.kind === 'failed') {
      const { code: errorCode, message, step, reason } = ending;
      return this.events.report('run.failed', { attempt, errorCode, message, step, reason });
    }
    switch (ending.cause) {
      case 'stop-requested':
        return this.events.report('run.cancelled', { attempt });
      case 'run-timed-out':
        return this.events.report('run.failed', {
          attempt,
          errorCode: 'TIMED_OUT',
          message: `The run took longer than ${definition.timeoutSeconds} s (timeoutSeconds) and was ended.`,
          reason: 'timed-out',
        });
      case 'lost':
      case 'shutting-down':
        return null;
    }
  }

  /** Keeps the lease, and learns what did not come by the stream: that a stop was asked for, or the run taken away. */
  private async heartbeat(): Promise<void> {
    const { run } = this.assignment;
    if (this.beating) return; // the last one is still waiting for its answer
    this.beating = true;
    try {
      this.obey(await this.tools.control.heartbeat(run));
    } catch (error) {
      this.logger.warn(`Heartbeat for run ${run.runId} failed: ${String(error)}`);
    } finally {
      this.beating = false;
    }
  }
}

/** Empty for each attempt: files of an earlier one must not be executed or reported as results. */
async function makeEmptyFolder(path: string): Promise<void> {
  try {
    await mkdir(path, PRIVATE_FOLDER); // Succeeds for most runs, and fails where the folder exists.
  } catch {
    await rm(path, { recursive: true, force: true });
    await mkdir(path, { recursive: true, mode: PRIVATE_FOLDER });
  }
}
