import type { OutputValue, QuotaBudget, StepOutputs } from '../events/run-event';
import { passEnvNotes, passEnvText } from '../projects/pass-env-notes';
import type { StepDefinition } from '../projects/project';
import type { ZeroResult } from '../runs/run';
import { ArtifactCollection } from './artifact-collection';
import type { StopCause } from './attempt';
import { isAnyDiskFull } from './disk-room';
import type { AttemptTools } from './attempt-tools';
import { commandOf, MissingOutput, withValues, workingDirOf } from './step-command';
import { type RunContext, stepEnvironment } from './step-environment';
import { type StepChannel, StepIo } from './step-io';
import type { StepExit } from './step-runner';

export type StepResult =
  | { kind: 'completed' }
  | { kind: 'failed'; code: string; message: string; reason: string }
  | { kind: 'stopped'; cause: StopCause };

/** The end of one attempt at a step, with the facts that concern the whole run. */
export interface EndedStep {
  result: StepResult;
  /** Null if a signal ended the program, or it did not start. */
  exitCode: number | null;
  outputs: Record<string, OutputValue>;
  /** Set if the step makes the run partial. */
  partialReason: string | null;
  isArtifactMissing: boolean;
  /** The file that the step offered as the result of the project. Counts only if the step completed. */
  offered: string | null;
  /** Null if the step reported no list. */
  zeroResults: readonly ZeroResult[] | null;
}

/** What differs between the attempts at a step. */
export interface StepTurn {
  /** From 1. */
  number: number;
  outputs: StepOutputs;
  quota: QuotaBudget | null;
  stop: AbortSignal;
}

/** Executes the program of a step once, and finds out how it ended. */
export class StepExecution {
  private readonly collection = new ArtifactCollection();

  /** @param projectArtifacts patterns of files that any step may make */
  constructor(
    private readonly context: RunContext,
    private readonly tools: Pick<AttemptTools, 'config' | 'clock' | 'steps'>,
    private readonly channel: StepChannel,
    private readonly projectArtifacts: readonly string[],
  ) {}

  async run(step: StepDefinition, { number, outputs, quota, stop }: StepTurn): Promise<EndedStep> {
    const { config, clock, steps } = this.tools;
    const at = { step: step.name, attempt: this.context.attempt, stepAttempt: number };
    const io = new StepIo(at, this.channel, clock);
    if (number === 1)
      for (const note of passEnvNotes([step], config.environment)) io.remark(passEnvText(note));
    const env = stepEnvironment(
      step,
      // The spread is last: V8 takes microseconds for each new member after one.
      { stepAttempt: number, outputs, quota, ...this.context },
      config.environment,
    );
    // File systems round times down by a few milliseconds.
    const beganMs = clock.nowMs() - 50;
    let exit: StepExit;
    try {
      exit = await steps.run({
        command: commandOf({ ...step, command: withValues(step, this.context.params, outputs) }, env.PATH),
        workingDir: workingDirOf(step, env.HOME ?? '/'),
        env,
        mergeOutput: step.mergeOutput,
        timeoutSeconds: step.timeoutSeconds,
        stop,
        output: io,
      });
    } catch (error) {
      if (!(error instanceof MissingOutput)) throw error;
      exit = { kind: 'not-started', message: error.message };
    }
    await this.collectArtifacts(step, exit, io, workingDirOf(step, env.HOME ?? '/'), beganMs);
    // Check now: there may be space again when the failure is reported.
    const hasFailed = exit.kind === 'exited' && exit.exitCode !== 0;
    const isDiskFull = hasFailed && (await isAnyDiskFull([this.context.workDir, this.context.runDir]));
    await io.finished();
    const result = this.resultOf(step, number, exit, io, isDiskFull, stop);
    // A step that reports an error and exits with 0 makes the run partial.
    const errorReason =
      result.kind === 'completed' ? (io.error?.code.toLowerCase().replaceAll('_', '-') ?? null) : null;
    return {
      result,
      exitCode: exit.kind === 'not-started' ? null : exit.exitCode,
      outputs: io.outputs,
      partialReason: io.partialReason ?? errorReason,
      isArtifactMissing: io.isArtifactMissing,
      offered: io.offered,
      zeroResults: io.zeroResults.reported,
    };
  }

  private async collectArtifacts(
    step: StepDefinition,
    exit: StepExit,
    io: StepIo,
    workingDir: string,
    sinceMs: number,
  ): Promise<void> {
    if (exit.kind === 'not-started') return;
    const { paths, fault, unmatched } = await this.collection.collect({
      runDir: this.context.runDir,
      workingDir,
      dataDir: this.tools.config.dataDir,
      workDir: this.context.workDir,
      ofProject: this.projectArtifacts,
      ofStep: step.artifacts,
      sinceMs,
    });
    for (const path of paths) io.addArtifact(path);
    if (unmatched.length > 0)
      io.remark(`No file matches the artifacts of this step: ${unmatched.join(', ')}.`);
    if (fault !== null) {
      io.isArtifactMissing = true;
      io.remark(`Artifacts are missing from this run: ${fault}.`);
    }
  }

  private resultOf(
    step: StepDefinition,
    number: number,
    exit: StepExit,
    io: StepIo,
    isDiskFull: boolean,
    stop: AbortSignal,
  ): StepResult {
    const failed = (code: string, message: string, reason: string): StepResult => ({
      kind: 'failed',
      code,
      message: this.channel.mask.apply(message),
      reason,
    });
    const most = step.retry?.maxAttempts ?? 1;
    const which = most > 1 ? ` (attempt ${number} of ${most})` : '';
    switch (exit.kind) {
      case 'stopped':
        return { kind: 'stopped', cause: stop.reason as StopCause };
      case 'timed-out':
        return failed(
          'STEP_TIMED_OUT',
          `Step "${step.name}" took longer than ${step.timeoutSeconds} s (timeoutSeconds) and was stopped${which}.`,
          'timed-out',
        );
      case 'not-started':
        return failed('STEP_NOT_STARTED', exit.message, 'step-failed');
      case 'exited': {
        if (exit.exitCode === 0) return { kind: 'completed' };
        const full = isDiskFull ? ' The disk is full.' : '';
        if (io.error) return failed(io.error.code, `${io.error.message}${full}`, 'step-failed');
        const how =
          exit.signal === null ? `exited with code ${exit.exitCode}` : `was ended by ${exit.signal}`;
        const last = io.lastErrorLine === null ? '' : ` Last error line: ${io.lastErrorLine}`;
        return failed('STEP_FAILED', `Step "${step.name}" ${how}${which}.${full}${last}`, 'step-failed');
      }
    }
  }
}
