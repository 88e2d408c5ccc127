import type { Instant } from '../../clock/clock';
import type { Run, StepProgress, StepState } from '../../runs/run';
import { phaseOf } from '../../runs/run-state';
import { attemptsOf, retryTimeOf } from '../../runs/step-state';
import { type DurationText, durationOf } from '../words/duration-text';
import { numberText } from '../words/number-text';
import { shortText } from '../words/short-text';
import { type StatusMark, stepMark } from '../words/status-mark';
import { type TimeText, timeTextWithSeconds } from '../words/time-text';

export interface StepRow {
  name: string;
  mark: StatusMark;
  duration: DurationText | null;
  /** Null for the usual 0. */
  exitCode: number | null;
  isCurrent: boolean;
  /** The attempts, if there was more than one, or another one follows. */
  attempts: AttemptRow[] | null;
  /** "3 of 10", while the step runs beside others. */
  progress: string | null;
}

/** One attempt at a step. */
export interface AttemptRow {
  number: number;
  logHref: string;
  mark: StatusMark;
  duration: DurationText | null;
  exitCode: number | null;
  /** When the next attempt starts; null unless it is awaited. */
  nextAt: TimeText | null;
}

export interface ProgressBar {
  /** "fit: 3 of 12 (25%)" */
  text: string;
  message: string | null;
  /** Null while the total is unknown. */
  value: number | null;
  max: number | null;
}

/** The maximum length of a message in characters. */
const SHOWN_LENGTH = 500;
const SHOWN_ATTEMPTS = 10;

export function stepRows(run: Run, now: Instant): StepRow[] {
  const running = run.steps.filter(({ status }) => status === 'running').length;
  return run.steps.map((step) => ({
    name: step.name,
    mark: stepMark(step.status),
    duration: durationOf(step, now),
    exitCode: step.exitCode === 0 ? null : step.exitCode,
    isCurrent: step.status === 'running',
    attempts: attemptRows(step, now),
    progress: running > 1 && step.status === 'running' ? progressText(step.progress) : null,
  }));
}

function attemptRows(step: StepState, now: Instant): AttemptRow[] | null {
  const attempts = attemptsOf(step);
  const nextAt = retryTimeOf(step);
  if (attempts.length < 2 && nextAt === null) return null;
  return attempts.slice(-SHOWN_ATTEMPTS).map((attempt, index, shown) => ({
    number: attempt.number,
    logHref: `?step=${encodeURIComponent(step.name)}&stepAttempt=${attempt.number}#run-log`,
    mark: stepMark(attempt.status),
    duration: durationOf(attempt, now),
    exitCode: attempt.exitCode === 0 ? null : attempt.exitCode,
    nextAt: index === shown.length - 1 && nextAt !== null ? timeTextWithSeconds(nextAt) : null,
  }));
}

function progressText(progress: StepProgress | undefined): string | null {
  if (progress === undefined || progress.current === null) return null;
  const { current, total } = progress;
  return total === null ? `${numberText(current)} so far` : `${numberText(current)} of ${numberText(total)}`;
}

/** Returns the progress of a run: as reported by its step, or else the number of finished steps. */
export function progressBar(run: Run): ProgressBar | null {
  const { step, current, total } = run.progress;
  const message = run.progress.message === null ? null : shortText(run.progress.message, SHOWN_LENGTH);
  const done = run.steps.filter(({ endedAt }) => endedAt !== null).length;
  if (run.status !== 'running' || (phaseOf(run) === 'waiting' && run.steps.length === 0)) return null;
  const prefix = step === null ? '' : `${step}: `;
  if (current !== null && total !== null && total > 0) {
    const percent = Math.min(100, Math.floor((current / total) * 100));
    const text = `${prefix}${numberText(current)} of ${numberText(total)} (${percent}%)`;
    return { text, message, value: Math.min(current, total), max: total };
  }
  if (current !== null)
    return { text: `${prefix}${numberText(current)} so far`, message, value: null, max: null };
  if (run.steps.length === 0)
    return { text: step ?? 'No progress reported yet', message, value: null, max: null };
  return {
    text: `${prefix}${done} of ${run.steps.length} steps done`,
    message,
    value: done,
    max: run.steps.length,
  };
}

/** Returns the bar of a completed run, for a page that has shown its progress; null without steps. */
export function fullBar({ status, steps }: Run): ProgressBar | null {
  if (status !== 'completed' || steps.length === 0) return null;
  const done = steps.filter(({ endedAt }) => endedAt !== null).length;
  return {
    text: `${done} of ${steps.length} steps done`,
    message: null,
    value: steps.length,
    max: steps.length,
  };
}
