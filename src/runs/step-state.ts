import { elapsedMs, type Instant, plusSeconds } from '../clock/clock';
import { instantOf } from '../events/parse-event';
import type { ReportedStepAttempt, RunEventMap } from '../events/run-event';
import type { Run, StepAttempt, StepProgress, StepState, StepStatus } from './run';
import { cutText, MAX_STEP_ATTEMPTS, MAX_STEP_MESSAGE_BYTES, withStepNamed } from './report-limits';

type Report = RunEventMap['run.progress'];
type ReportedStatus = NonNullable<Report['stepStatus']>;

/**
 * For each status of a step, the reported statuses that change it. Events may arrive out of order: a step that has ended
 * never starts again. A step may end without a reported start.
 */
export const STEP_TRANSITIONS: Record<StepStatus, readonly ReportedStatus[]> = {
  pending: ['running', 'completed', 'failed', 'skipped', 'cancelled'],
  running: ['completed', 'failed', 'skipped', 'cancelled'],
  completed: [],
  failed: [],
  skipped: [],
  cancelled: [],
};

const MAX_DELAY_MS = 7 * 24 * 3600 * 1000;

interface Changed {
  steps: StepState[];
  isCut: { steps: boolean; attempts: boolean };
}

/**
 * Returns the steps after a report.
 * @param at when it happened, by this server's clock; `occurredAt` is the same by the worker's clock
 */
export function stepsAfter(
  steps: StepState[],
  report: Pick<Report, 'stepStatus' | 'exitCode' | 'stepAttempt' | 'current' | 'total' | 'message'> & {
    step: string;
  },
  at: Instant,
  occurredAt: Instant = at,
): Changed {
  const { stepStatus, stepAttempt } = report;
  const hasProgress =
    report.current !== undefined || report.total !== undefined || report.message !== undefined;
  if (stepStatus === undefined && stepAttempt === undefined && !hasProgress)
    return { steps, isCut: { steps: false, attempts: false } };
  // Progress alone does not add a step: external workers report progress of stages that they do not list.
  const { kept: known, isCut } =
    stepStatus === undefined ? { kept: steps, isCut: false } : withStepNamed(steps, report.step);
  let attemptsCut = false;
  const changed = known.map((step): StepState => {
    if (step.name !== report.step) return step;
    let after = step.endedAt !== null ? step : withProgress(withoutOldProgress(step, stepAttempt), report);
    // A late start of an attempt must not leave it running in a step that has ended.
    if (stepAttempt !== undefined && (step.endedAt === null || stepAttempt.status !== 'running')) {
      const { attempts, isCut: cut } = withAttempt(known, step.attempts ?? [], stepAttempt, at, occurredAt);
      attemptsCut = cut;
      after = { ...after, attempts };
    }
    return stepStatus === undefined ? after : withStatus(after, stepStatus, report.exitCode, at);
  });
  return { steps: changed, isCut: { steps: isCut, attempts: attemptsCut } };
}

/** Returns the attempts of a step. A step without a retry policy reports none, and has one attempt since its start. */
export function attemptsOf({ status, startedAt, endedAt, exitCode, attempts }: StepState): StepAttempt[] {
  if (attempts !== undefined) return attempts;
  if (startedAt === null || status === 'pending' || status === 'skipped') return [];
  return [{ number: 1, status, startedAt, endedAt, exitCode }];
}

/** Returns when the next attempt of a step starts; null unless it waits for one. */
export function retryTimeOf({ status, attempts }: Pick<StepState, 'status' | 'attempts'>): Instant | null {
  const last = attempts?.at(-1);
  return status === 'running' && last?.status === 'failed' ? (last.retryAt ?? null) : null;
}

/** Returns a step as it is after the end of its run. Running steps and attempts take the outcome of the run. */
export function stepAtEnd(
  step: StepState,
  outcome: 'completed' | 'failed' | 'cancelled',
  at: Instant,
): StepState {
  if (step.status === 'pending')
    return { ...step, status: 'skipped', ...closedAttempts(step, 'cancelled', at) };
  if (step.status !== 'running') return step;
  return { ...step, status: outcome, endedAt: at, ...closedAttempts(step, outcome, at) };
}

function withStatus(
  step: StepState,
  status: ReportedStatus,
  exitCode: number | null | undefined,
  at: Instant,
): StepState {
  if (!STEP_TRANSITIONS[step.status].includes(status)) return step;
  if (status === 'running') return { ...step, status, startedAt: at };
  const startedAt = status === 'skipped' ? step.startedAt : (step.startedAt ?? at);
  return {
    ...step,
    status,
    startedAt,
    endedAt: latest(at, startedAt ?? at),
    exitCode: exitCode ?? null,
    ...closedAttempts(step, status === 'skipped' ? 'cancelled' : status, at),
    // The message describes work in progress, and a run can have many steps.
    ...(step.progress && { progress: { ...step.progress, message: null } }),
  };
}

/** Progress belongs to one attempt: the next one begins from nothing. */
function withoutOldProgress(step: StepState, stepAttempt: ReportedStepAttempt | undefined): StepState {
  const isOver =
    stepAttempt !== undefined && (stepAttempt.status === 'running' || stepAttempt.retryAt !== undefined);
  if (!isOver || step.progress === undefined) return step;
  const { progress: _, ...rest } = step;
  return rest;
}

/** An attempt that its worker did not end takes the outcome of the step. */
function closedAttempts(
  { attempts }: StepState,
  outcome: StepAttempt['status'],
  at: Instant,
): Pick<StepState, 'attempts'> {
  if (attempts === undefined) return {};
  return {
    attempts: attempts.map((attempt) =>
      attempt.endedAt === null
        ? { ...attempt, status: outcome, endedAt: latest(at, attempt.startedAt) }
        : attempt,
    ),
  };
}

function withProgress(step: StepState, { current, total, message }: Report): StepState {
  if (current === undefined && total === undefined && message === undefined) return step;
  const before: StepProgress = step.progress ?? { current: null, total: null, message: null };
  return {
    ...step,
    progress: {
      current: current ?? before.current,
      total: total ?? before.total,
      message: message === undefined ? before.message : cutText(message, MAX_STEP_MESSAGE_BYTES),
    },
  };
}

/** Returns the attempts in the order of their numbers. With too many in the run, the step's oldest one is dropped. */
function withAttempt(
  steps: StepState[],
  attempts: StepAttempt[],
  { number, status, exitCode, retryAt }: ReportedStepAttempt,
  at: Instant,
  occurredAt: Instant,
): { attempts: StepAttempt[]; isCut: boolean } {
  const before = attempts.find((attempt) => attempt.number === number);
  // An attempt that has ended never starts again.
  if (before !== undefined && before.endedAt !== null) return { attempts, isCut: false };
  const startedAt = before?.startedAt ?? at;
  const next = status === 'failed' ? instantOf(retryAt ?? '') : null;
  const delayMs = next === null ? 0 : elapsedMs(occurredAt, next);
  const after: StepAttempt = {
    number,
    status,
    startedAt,
    endedAt: status === 'running' ? null : latest(at, startedAt),
    exitCode: exitCode ?? null,
    // A time further away is an error of the worker.
    ...(next !== null && delayMs <= MAX_DELAY_MS && { retryAt: plusSeconds(at, delayMs / 1000) }),
  };
  const others = attempts.filter((attempt) => attempt !== before);
  const isFull = before === undefined && countOf(steps) >= MAX_STEP_ATTEMPTS;
  const kept = [...(isFull ? others.slice(1) : others), after].sort(
    (one, other) => one.number - other.number,
  );
  return isFull && others.length === 0 ? { attempts, isCut: true } : { attempts: kept, isCut: isFull };
}

function countOf(steps: StepState[]): number {
  return steps.reduce((sum, { attempts = [] }) => sum + attempts.length, 0);
}

/** Returns true if any two steps ran at the same time, so that their lines are mixed in the log. */
export function ranSideBySide(steps: readonly Pick<StepState, 'startedAt' | 'endedAt'>[]): boolean {
  const started = steps
    .flatMap(({ startedAt, endedAt }) => (startedAt === null ? [] : [{ startedAt, endedAt }]))
    .sort((one, other) => (one.startedAt < other.startedAt ? -1 : 1));
  let lastEnd = '';
  for (const { startedAt, endedAt } of started) {
    if (startedAt < lastEnd) return true;
    lastEnd = latest(lastEnd, endedAt ?? '~');
  }
  return false;
}

export function latest(one: Instant, other: Instant): Instant {
  return one > other ? one : other;
}

export function latestStepTime({ startedAt, steps }: Pick<Run, 'startedAt' | 'steps'>): Instant {
  let time = startedAt;
  for (const step of steps) {
    if (step.startedAt !== null && step.startedAt > time) time = step.startedAt;
    if (step.endedAt !== null && step.endedAt > time) time = step.endedAt;
  }
  return time;
}
