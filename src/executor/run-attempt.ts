import { mkdir, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { storageReasonOf } from '../database/storage-error';
import type { RunEvent } from '../events/run-event';
import { PRIVATE_FOLDER } from '../lifecycle/private-files';
import { unmaskedSecretNotes } from '../projects/unmasked-secrets';
import { LEASE_SECONDS } from '../runs/lease-times';
import type { Artifact, ZeroResult } from '../runs/run';
import type { Attempt, StopCause } from './attempt';
import type { AttemptTools } from './attempt-tools';
import type { Assignment, Standing } from './control-plane';
import { EventReporter } from './event-reporter';
import { LogForwarder } from './log-forwarder';
import { SecretMask } from './secret-mask';
import { type PipelineEnd, PipelineExecution } from './pipeline-execution';
import { INPUTS_FILE, type RunContext, secretParamsOf, secretsOf } from './step-environment';
import { StepExecution } from './step-execution';
import type { StepChannel } from './step-io';

/** In order of precedence if several apply. */
const LOSS_REASONS = ['artifact-missing', 'output-missing', 'events-rejected', 'log-incomplete'] as const;
type LossReason = (typeof LOSS_REASONS)[number];

/** Grace period in milliseconds for uploads after a stop, including files that the stopped step reports. */
const UPLOAD_AFTER_STOP_MS = 5000;

/** After this many unanswered calls, the next heartbeat asks instead. */
const CHECK_STOP_TRIES = 3;
const CHECK_STOP_AGAIN_MS = 250;
/** The umask decides who may read it. */
const SHARED_FOLDER = 0o777;

/** One worker's attempt at a claimed run: prepares, runs the steps and reports the result. */
export class RunAttempt implements Attempt {
  private readonly logger = new Logger(RunAttempt.name);
  /** The first cause of a stop. */
  private stopCause: StopCause | null = null;
  /** The worker loses the run or stops, also after another cause: no step may run on. */
  private abandonCause: StopCause | null = null;
  private isLost = false;
  /** The steps, while they run. */
  private pipeline: PipelineExecution | null = null;
  private readonly uploadsEnd = new AbortController();
  private readonly events: EventReporter;
  private readonly log: LogForwarder;
  private readonly mask: SecretMask;
  private partialReason: string | null = null;
  private zeroResults: readonly ZeroResult[] | null = null;
  /** Data that the run lacks without a report from a step. It makes the run partial. */
  private readonly missing = new Set<LossReason>();
  private beating = false;
  private checkingStop = false;
  private mustCheckStopAgain = false;
  /** The file of the run's folder that is the result of the project; null if no step offered one. */
  private offered: string | null = null;
  /** The final event; null until then, and if this worker does not end the run. */
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
    this.mask = new SecretMask([
      ...secretsOf(definition.steps, tools.config.environment),
      ...secretParamsOf(definition.params, run.params),
    ]);
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

  /** The first cause counts, except that a lost lease also ends all reporting. */
  stop(cause: StopCause): void {
    if (cause === 'lost') {
      this.isLost = true;
      this.uploadsEnd.abort();
      this.events.giveUp();
      this.log.giveUp();
    }
    if (cause === 'lost' || cause === 'shutting-down') {
      this.abandonCause ??= cause;
      this.pipeline?.abandon(this.abandonCause);
    }
    if (this.stopCause !== null) return;
    this.stopCause = cause;
    this.pipeline?.stop(cause);
    setTimeout(() => this.uploadsEnd.abort(), UPLOAD_AFTER_STOP_MS).unref();
  }

  checkStop(): void {
    // One request at a time, however many stop entries arrive. Ask again if an entry arrives during the request.
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
        this.logger.warn(`Checking for a stop request of run ${this.runId} failed: ${String(error)}`);
      }
      if (this.stopCause !== null) break;
      // Forged stop entries must not make the worker call the server without a pause.
      if (this.mustCheckStopAgain) await delay(CHECK_STOP_AGAIN_MS, undefined, { ref: false });
    }
    this.checkingStop = false;
  }

  private obey({ stillHeld, stopRequested }: Standing): void {
    if (!stillHeld) this.stop('lost');
    else if (stopRequested) this.stop('stop-requested');
  }

  /** Resolves when no process of the attempt is alive and all its events are published. */
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
      const ending = await this.runSteps();
      if (ending.kind === 'completed') await this.storeOffered();
      // Store the log before the final event, so that an ended run has all its lines.
      await this.log.flushed();
      await this.noteLosses();
      this.end = this.finish(ending);
      await this.replaceRejectedEnd();
    } catch (error) {
      this.logger.error(`Run ${run.runId} failed unexpectedly: ${String((error as Error).stack ?? error)}`);
      await this.log.flushed();
      const isDiskFull = storageReasonOf(error) === 'full';
      this.end = this.events.report('run.failed', {
        attempt: run.attempt,
        errorCode: isDiskFull ? 'DISK_FULL' : 'INTERNAL',
        message: isDiskFull
          ? 'The worker could not execute the run because its disk is full. Free some space and re-run it.'
          : 'The worker could not execute the run because of an internal error. The server log has the details.',
        reason: 'worker-failed',
      });
    } finally {
      if (timeout) clearTimeout(timeout);
      await this.events.published();
      clearInterval(heartbeat);
    }
    if (this.isLost) return this.tools.control.finished(run, null);
    if (this.stopCause === 'shutting-down' && this.end === null) return this.tools.control.handBack(run);
    await this.tools.control.finished(run, this.end);
  }

  /** Returns the remaining time of the run. Waiting time and earlier attempts count towards the timeout. */
  private leftMs(timeoutSeconds: number): number {
    return Math.max(0, timeoutSeconds * 1000 - this.assignment.elapsedMs);
  }

  private async prepare(): Promise<RunContext> {
    const { run } = this.assignment;
    const { htmlDir } = this;
    const workDir = join(this.tools.config.workDir, run.projectId);
    const runDir = this.tools.artifacts.folderOf(run.runId);
    await Promise.all([
      mkdir(workDir, { recursive: true, mode: PRIVATE_FOLDER }),
      makeEmptyFolder(runDir, PRIVATE_FOLDER),
    ]);
    await makeEmptyFolder(htmlDir, SHARED_FOLDER);
    const inputsFile = run.runInputs === null ? null : join(runDir, INPUTS_FILE);
    if (inputsFile !== null) await writeFile(inputsFile, run.runInputs!);
    const { runId, projectId, scope, attempt, params } = run;
    const currentResult =
      run.currentResult === null
        ? null
        : await this.tools.control.currentResult(run, run.currentResult, this.uploadsEnd.signal);
    const folders = { workDir, runDir, htmlDir };
    return { runId, projectId, scope, attempt, params, ...folders, inputsFile, currentResult };
  }

  private async runSteps(): Promise<PipelineEnd> {
    const { run, definition } = this.assignment;
    const { events, log, mask } = this;
    const channel: StepChannel = {
      events,
      log,
      mask,
      takeArtifact: (path) => this.takeArtifact(path),
      countCalls: (step, calls) => pipeline.countCalls(step, calls),
    };
    const execution = new StepExecution(await this.prepare(), this.tools, channel, definition.artifacts);
    const pipeline = new PipelineExecution(run, definition, execution, channel, this.tools.clock);
    for (const text of unmaskedSecretNotes(definition.params, run.params))
      log.add([{ stream: 'system', text }]);
    this.pipeline = pipeline;
    if (this.stopCause !== null) pipeline.stop(this.stopCause);
    if (this.abandonCause !== null) pipeline.abandon(this.abandonCause);
    const end = await pipeline.carryOut();
    await this.leaveHtml();
    const { partialReason, isArtifactMissing, isOutputMissing, zeroResults, offered } = pipeline.facts;
    this.offered = offered;
    this.partialReason = partialReason;
    this.zeroResults = zeroResults.reported;
    if (isArtifactMissing) this.missing.add('artifact-missing');
    if (isOutputMissing) this.missing.add('output-missing');
    return end;
  }

  /** Most runs capture nothing. On another machine than the server's, the files would never be deleted. */
  private async leaveHtml(): Promise<void> {
    if (this.tools.sharesDataDir) await rmdir(this.htmlDir).catch(() => undefined);
    else await rm(this.htmlDir, { recursive: true, force: true }).catch(() => undefined);
  }

  private get htmlDir(): string {
    return join(this.tools.config.htmlDir, this.projectId, this.runId);
  }

  /** A missing file does not change how the run ends: the server reports that the result is missing. */
  private async storeOffered(): Promise<void> {
    if (this.offered === null) return;
    try {
      await this.tools.control.storeResult(this.assignment.run, this.offered, this.uploadsEnd.signal);
    } catch (error) {
      this.log.add([
        {
          stream: 'system',
          text: this.mask.apply(`The result could not be handed over: ${(error as Error).message}`),
        },
      ]);
    }
  }

  private async takeArtifact(path: string): Promise<Artifact> {
    const { run } = this.assignment;
    const artifact = await this.tools.artifacts.register(run.runId, path);
    await this.tools.control.storeArtifact(run, artifact, this.uploadsEnd.signal);
    return artifact;
  }

  /** Records permanently rejected events and log lines: a run that lacks data must not end as completed. */
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

  /** Fails the run if the server rejected its final event. Otherwise the run would wait until its lease expires. */
  private async replaceRejectedEnd(): Promise<void> {
    if (this.end === null || !this.tools.control.learnsRejections) return;
    await this.events.published();
    if (!this.events.isRejected(this.end)) return;
    this.end = this.events.report('run.failed', {
      attempt: this.assignment.run.attempt,
      errorCode: 'EVENT_REJECTED',
      message: `The server rejected the final event of the run (${this.end.eventType}). The worker log has the reason.`,
      reason: 'worker-failed',
    });
  }

  /** @returns null if this worker does not end the run, or hands it back */
  private finish(ending: PipelineEnd): RunEvent | null {
    const { run, definition } = this.assignment;
    const { attempt } = run;
    if (ending.kind === 'completed') {
      const reason = this.partialReason ?? LOSS_REASONS.find((loss) => this.missing.has(loss));
      return this.events.report('run.completed', {
        attempt,
        ...(reason !== undefined && { status: 'partial' as const, reason }),
        ...(this.zeroResults !== null && { zeroResults: [...this.zeroResults] }),
        ...(this.offered !== null && { result: { path: this.offered } }),
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
          message: `The run took longer than ${definition.timeoutSeconds} s (timeoutSeconds) and was stopped.`,
          reason: 'timed-out',
        });
      case 'lost':
      case 'shutting-down':
        return null;
    }
  }

  /** Renews the lease. Also detects stop requests and lost leases that the stream did not deliver. */
  private async heartbeat(): Promise<void> {
    const { run } = this.assignment;
    if (this.beating) return; // the previous heartbeat is still unanswered
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

/**
 * Creates an empty folder for each attempt: files of an earlier attempt must not be executed or reported as results.
 */
async function makeEmptyFolder(path: string, mode: number): Promise<void> {
  try {
    await mkdir(path, mode); // Succeeds for most runs, and fails if the folder exists.
  } catch {
    await rm(path, { recursive: true, force: true });
    await mkdir(path, { recursive: true, mode });
  }
}
