import { setMaxListeners } from 'node:events';
import type { Clock } from '../clock/clock';
import { plusSeconds } from '../clock/clock';
import type { OutputValue, ReportedStepAttempt, RunEventMap, StepOutputs } from '../events/run-event';
import type { ProjectDefinition, StepDefinition } from '../projects/project';
import { stepNamedBy } from '../projects/scope';
import { ancestorsOf, planOf } from '../projects/step-graph';
import { withOutputs } from '../runs/report-limits';
import type { StopCause } from './attempt';
import type { AssignedRun } from './control-plane';
import { QuotaShares } from './quota-shares';
import { retryDelaySeconds } from './retry-delay';
import type { EndedStep, StepExecution, StepResult } from './step-execution';
import type { StepChannel } from './step-io';
import { StepSchedule } from './step-schedule';
import { ZeroResults } from './zero-results';

export type PipelineEnd =
  | { kind: 'completed' }
  | { kind: 'failed'; step: string; code: string; message: string; reason: string }
  | { kind: 'stopped'; cause: StopCause };

/** Data that a run lacks or does not have in full, without being failed. */
export interface PipelineFacts {
  /** Reason of the first step that made the run partial; null if none did. */
  partialReason: string | null;
  isArtifactMissing: boolean;
  /** The file that the last completed step offered as the result of the project; null if none did. */
  offered: string | null;
  isOutputMissing: boolean;
  /** Of the last attempt at each step. */
  zeroResults: ZeroResults;
}

/** Node timers fire at once for more. */
const MAX_TIMER_MS = 2 ** 31 - 1;

type StepReport = Omit<RunEventMap['run.progress'], 'attempt'>;

/**
 * Executes the steps of a run in the order of their graph, several at once, and repeats failed ones. Reports the start
 * and the end of each step. The first failure, or the stop, decides how the run ends.
 */
export class PipelineExecution {
  readonly facts: PipelineFacts = {
    partialReason: null,
    isArtifactMissing: false,
    offered: null,
    isOutputMissing: false,
    zeroResults: new ZeroResults(),
  };
  private readonly steps: Map<string, StepDefinition>;
  /** Steps that still run after a stop. */
  private readonly always: Set<string>;
  private readonly schedule: StepSchedule;
  private readonly quota: QuotaShares;
  private readonly running = new Set<string>();
  private readonly turns = new Map<string, number>();
  private readonly retryTimers = new Map<string, NodeJS.Timeout>();
  private readonly ordinaryStop = new AbortController();
  private readonly alwaysStop: AbortController;
  /** Why no further ordinary step starts; null while they may. */
  private stopCause: StopCause | null = null;
  private graceTimer: NodeJS.Timeout | null = null;
  /** Of this attempt. */
  private outputs: StepOutputs | null = null;
  private end: PipelineEnd | null = null;
  private isOver = false;
  private crash: { error: unknown } | null = null;
  private onDone: () => void = () => undefined;

  constructor(
    private readonly run: AssignedRun,
    private readonly definition: ProjectDefinition,
    private readonly execution: StepExecution,
    private readonly channel: Pick<StepChannel, 'events' | 'log'>,
    private readonly clock: Clock,
  ) {
    const names = run.steps.map(({ name }) => name);
    const unknown = names.find((name) => !definition.steps.some((step) => step.name === name));
    if (unknown !== undefined) throw new Error(`The definition has no step "${unknown}".`);
    const plan = planOf(definition.steps, names, stepNamedBy(run.scope));
    this.steps = new Map(definition.steps.map((step) => [step.name, step]));
    this.always = new Set(plan.filter(({ when }) => when === 'always').map(({ name }) => name));
    // V8 takes long to create a signal, and few runs need the second one.
    this.alwaysStop = this.always.size === 0 ? this.ordinaryStop : new AbortController();
    // Each running step listens to one of them.
    setMaxListeners(0, this.ordinaryStop.signal, this.alwaysStop.signal);
    this.quota = new QuotaShares(run.quota);
    this.schedule = new StepSchedule(plan, this.quota.mostAtOnce(definition.parallel));
  }

  /** Resolves when no process of a step is alive. */
  async carryOut(): Promise<PipelineEnd> {
    try {
      await new Promise<void>((resolve) => {
        this.onDone = resolve;
        this.advance();
      });
    } finally {
      this.isOver = true;
      if (this.graceTimer) clearTimeout(this.graceTimer);
      for (const timer of this.retryTimers.values()) clearTimeout(timer);
    }
    if (this.crash) throw this.crash.error;
    return this.end ?? { kind: 'completed' };
  }

  /** Only steps with `when: always` run from now on. The first cause counts. */
  stop(cause: StopCause): void {
    if (this.isOver || this.stopCause !== null) return;
    this.stopCause = cause;
    this.endRetries(this.schedule.stop(), cause);
    this.ordinaryStop.abort(cause);
    this.advance();
  }

  /**
   * The worker lost the run or stops: no step starts any more, and all end now. It can come after a stop, while steps
   * with `when: always` run.
   */
  abandon(cause: StopCause): void {
    if (this.isOver) return;
    this.endRetries(this.schedule.abandon(), cause);
    this.ordinaryStop.abort(cause);
    this.alwaysStop.abort(cause);
    this.advance();
  }

  countCalls(step: string, calls: number): void {
    this.quota.count(step, calls);
  }

  /** Starts what may start now. Called after each change. */
  private advance(): void {
    const { start, skipped } = this.schedule.next();
    this.noteSkipped(skipped);
    for (const [index, name] of start.entries()) {
      this.running.add(name);
      const startedNext = start.length - index - 1;
      void this.execute(name, startedNext).catch((error: unknown) => this.giveUp(name, error));
    }
    if (this.stopCause !== null) this.limitAlwaysSteps(this.stopCause);
    if (this.running.size === 0 && this.schedule.isDone) this.onDone();
  }

  /** @param startedNext how many steps start after this one in the same turn, and still need a share of the quota */
  private async execute(name: string, startedNext: number): Promise<void> {
    const step = this.steps.get(name)!;
    const number = (this.turns.get(name) ?? 0) + 1;
    this.turns.set(name, number);
    this.report({
      step: name,
      stepStatus: 'running',
      ...this.attemptOf(step, { number, status: 'running' }),
    });
    if (number > 1) this.remark(name, `Attempt ${number} of ${step.retry!.maxAttempts}.`);
    const stop = (this.always.has(name) ? this.alwaysStop : this.ordinaryStop).signal;
    const ended = await this.execution.run(step, {
      number,
      outputs: this.outputsFor(name),
      quota: this.quota.give(name, () => startedNext + this.schedule.possiblePeers(name)),
      stop,
    });
    this.quota.end(name);
    this.running.delete(name);
    const mayRetry = step.retry !== null && number < step.retry.maxAttempts && !stop.aborted;
    if (ended.result.kind === 'failed' && mayRetry) this.retry(step, number, ended, ended.result);
    else this.finish(step, number, ended);
    this.advance();
  }

  private retry(
    step: StepDefinition,
    number: number,
    { exitCode }: EndedStep,
    { message }: { message: string },
  ): void {
    const { name } = step;
    const seconds = retryDelaySeconds(step.retry!, number);
    const retryAt = plusSeconds(this.clock.now(), seconds);
    this.remark(name, `${message} The next attempt starts in ${seconds} s.`);
    this.report({
      step: name,
      stepStatus: 'running',
      ...this.attemptOf(step, { number, status: 'failed', exitCode, retryAt }),
    });
    this.schedule.retries(name);
    this.retryTimers.set(
      name,
      setTimeout(() => {
        this.retryTimers.delete(name);
        this.schedule.isDue(name);
        this.advance();
      }, seconds * 1000),
    );
  }

  private finish(step: StepDefinition, number: number, ended: EndedStep): void {
    const { name } = step;
    const { result, exitCode } = ended;
    this.facts.partialReason ??= ended.partialReason;
    if (ended.isArtifactMissing) this.facts.isArtifactMissing = true;
    // A failed step, or a failed attempt at it, may have offered half of a file.
    if (result.kind === 'completed') this.facts.offered = ended.offered ?? this.facts.offered;
    if (ended.zeroResults !== null) this.facts.zeroResults.add(ended.zeroResults);
    const outputs = this.keepOutputs(name, ended.outputs);
    const status = statusOf(result);
    this.report({
      step: name,
      stepStatus: status,
      exitCode,
      ...this.attemptOf(step, { number, status, exitCode }),
      ...(outputs !== null && { outputs }),
    });
    this.schedule.ended(name, status);
    if (result.kind === 'stopped') this.endAs(result.cause);
    if (result.kind !== 'failed') return;
    if (step.continueOnError) {
      this.facts.partialReason ??= result.reason;
      this.remark(name, `${result.message} The run goes on (continueOnError).`);
    } else {
      this.end ??= { ...result, step: name };
    }
  }

  /** After a stop, all steps with `when: always` share the grace period. It begins when no other step runs. */
  private limitAlwaysSteps(cause: StopCause): void {
    if (this.graceTimer !== null || [...this.running].some((name) => !this.always.has(name))) return;
    this.graceTimer = setTimeout(
      () => this.abandon(cause),
      Math.min(this.definition.stopGraceSeconds * 1000, MAX_TIMER_MS),
    );
  }

  /** The steps have no further attempt, because of a stop. */
  private endRetries(names: string[], cause: StopCause): void {
    for (const name of names) {
      clearTimeout(this.retryTimers.get(name));
      this.retryTimers.delete(name);
      this.report({ step: name, stepStatus: statusOf({ kind: 'stopped', cause }), exitCode: null });
      this.endAs(cause);
    }
  }

  /** A shutdown during a requested stop does not change how the run ends. */
  private endAs(cause: StopCause): void {
    this.end ??= { kind: 'stopped', cause: this.stopCause ?? cause };
  }

  private noteSkipped(names: string[]): void {
    if (names.length === 0) return;
    // A step for failures would not have run anyway, unless there was a failure, which decides the end.
    const isLack = names.some((name) => this.steps.get(name)!.when !== 'failure');
    if (this.stopCause !== null && isLack) this.endAs(this.stopCause);
    // The end of the run skips all steps that are left, without an event for each.
    if (!this.schedule.isDone) for (const name of names) this.report({ step: name, stepStatus: 'skipped' });
  }

  /** Our own error, not one of the step: ends all other steps, and fails the run. */
  private giveUp(name: string, error: unknown): void {
    this.crash ??= { error };
    this.running.delete(name);
    this.schedule.ended(name, 'failed');
    this.abandon('shutting-down');
  }

  /** Returns the outputs of all steps that this one waits for, directly or through others. */
  private outputsFor(name: string): StepOutputs {
    if (this.outputs === null && this.run.earlierOutputs === null) return {};
    const outputs = { ...this.run.earlierOutputs, ...this.outputs };
    return Object.fromEntries(
      ancestorsOf(this.definition.steps, name).flatMap((step) =>
        Object.hasOwn(outputs, step) ? [[step, outputs[step]!]] : [],
      ),
    );
  }

  /** @returns the outputs to report; null if there are none, or no room for them */
  private keepOutputs(
    name: string,
    reported: Record<string, OutputValue>,
  ): Record<string, OutputValue> | null {
    if (Object.keys(reported).length === 0) return null;
    const { kept, isCut } = withOutputs(this.outputs, name, reported);
    if (isCut) {
      this.facts.isOutputMissing = true;
      this.remark(name, 'The outputs of this step are missing: all outputs of a run may take 64 KiB.');
      return null;
    }
    this.outputs = kept;
    return reported;
  }

  private attemptOf(
    { retry }: StepDefinition,
    stepAttempt: ReportedStepAttempt,
  ): Pick<StepReport, 'stepAttempt'> {
    return retry === null ? {} : { stepAttempt };
  }

  private report(progress: StepReport): void {
    this.channel.events.report('run.progress', { attempt: this.run.attempt, ...progress });
  }

  private remark(step: string, text: string): void {
    const stepAttempt = this.turns.get(step) ?? 1;
    const further = stepAttempt > 1 ? { stepAttempt } : {};
    this.channel.log.add([{ at: this.clock.now(), stream: 'system', step, ...further, text }]);
  }
}

function statusOf(result: StepResult): 'completed' | 'failed' | 'cancelled' {
  if (result.kind !== 'stopped') return result.kind;
  return result.cause === 'run-timed-out' ? 'failed' : 'cancelled';
}
