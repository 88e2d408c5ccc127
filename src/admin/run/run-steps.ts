import type { Instant } from '../../clock/clock';
import type { Run } from '../../runs/run';
import { phaseOf } from '../../runs/run-state';
import { type DurationText, durationOf } from '../words/duration-text';
import { numberText } from '../words/number-text';
import { shortText } from '../words/short-text';
import { type StatusMark, stepMark } from '../words/status-mark';

export interface StepRow {
  name: string;
  mark: StatusMark;
  duration: DurationText | null;
  /** Null for the usual 0. */
  exitCode: number | null;
  isCurrent: boolean;
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

export function stepRows(run: Run, now: Instant): StepRow[] {
  return run.steps.map(({ name, status, startedAt, endedAt, exitCode }) => ({
    name,
    mark: stepMark(status),
    duration: durationOf({ startedAt, endedAt }, now),
    exitCode: exitCode === 0 ? null : exitCode,
    isCurrent: status === 'running',
  }));
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
