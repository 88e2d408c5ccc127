import type { Instant } from '../../clock/clock';
import type { StepState } from '../../runs/run';
import type { PastRun } from '../../history/run-history.repository';

/** How many of the latest runs are asked for the last outcome of a step, and for what there is to reuse. */
export const PAST_RUNS = 50;

export interface StepOutcome {
  runId: string;
  step: StepState;
}

export interface StepHistory {
  /** By step: the latest run in which something became of it. */
  outcomes: Map<string, StepOutcome>;
  /** By step: when it last came to a good end. */
  completedAt: Map<string, { runId: string; at: Instant }>;
  /** Whether these are all the runs that there ever were. */
  isWhole: boolean;
}

/** @param past the latest runs that have ended, newest first */
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
