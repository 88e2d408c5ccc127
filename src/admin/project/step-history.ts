import type { Instant } from '../../clock/clock';
import type { StepState } from '../../runs/run';
import type { PastRun } from '../../history/run-history.repository';

/** The number of latest runs searched for the last outcome of each step, and for results to reuse. */
export const PAST_RUNS = 50;

export interface StepOutcome {
  runId: string;
  step: StepState;
}

export interface StepHistory {
  /** By step: the latest run in which the step was neither skipped nor pending. */
  outcomes: Map<string, StepOutcome>;
  /** By step: its last completion. */
  completedAt: Map<string, { runId: string; at: Instant }>;
  /** False if the project may have older runs than those searched. */
  isWhole: boolean;
}

/** @param past latest finished runs, newest first */
export function stepHistory(past: PastRun[], isWhole: boolean): StepHistory {
  const outcomes = new Map<string, StepOutcome>();
  const completedAt = new Map<string, { runId: string; at: Instant }>();
  for (const { runId, steps } of past) {
    for (const step of steps) {
      const hasOutcome = step.status !== 'skipped' && step.status !== 'pending';
      if (hasOutcome && !outcomes.has(step.name)) {
        outcomes.set(step.name, { runId, step });
      }
      if (step.status === 'completed' && step.endedAt !== null && !completedAt.has(step.name)) {
        completedAt.set(step.name, { runId, at: step.endedAt });
      }
    }
  }
  return { outcomes, completedAt, isWhole };
}
