import type { Instant } from '../../clock/clock';
import type { Run, StepState } from '../../runs/run';
import { durationOf } from '../words/duration-text';
import { STATUS_WORDS } from '../words/status-words';
import { stepMark } from '../words/status-mark';
import { ticking } from '../words/ticking';

/** One step of one run as a small cell: a colour, a sign, and a title for readers who cannot distinguish them. */
export interface StepCell {
  /** Null if the run has no such step: the cell stays empty, so that each step keeps its column. */
  tone: string | null;
  icon: string;
  title: string | null;
}

/** The cells of a run. */
export interface StepCells {
  cells: StepCell[];
  /** All titles, for screen readers. */
  label: string;
}

/**
 * The maximum number of columns for steps that are not in `stepNames`, such as those reported by an external worker.
 */
const MAX_EXTRA_COLUMNS = 12;

export function stepColumns(stepNames: string[], runs: Pick<Run, 'steps'>[]): string[] {
  const named = runs.flatMap(({ steps }) => steps.map(({ name }) => name));
  const others = [...new Set(named)].filter((name) => !stepNames.includes(name));
  return [...stepNames, ...others.slice(0, MAX_EXTRA_COLUMNS)];
}

export function stepCells({ steps }: Pick<Run, 'steps'>, columns: string[], now: Instant): StepCells {
  const byName = new Map(steps.map((step) => [step.name, step]));
  const shown = columns.map((name) => byName.get(name) ?? null);
  const cells = shown.map((step): StepCell => {
    if (step === null) return { tone: null, icon: '', title: null };
    const { tone, icon } = stepMark(step.status);
    return { tone, icon, title: cellTitle(step, now) };
  });
  const result = { cells, label: cells.flatMap(({ title }) => title ?? []).join(', ') };
  const isRunning = shown.some((step) => step?.startedAt != null && step.endedAt === null);
  // A growing duration alone is no change of the page, so pages compare the steps instead.
  return isRunning ? ticking(result, shown) : result;
}

/** "capture failed after 12 s, exit code 3" */
function cellTitle(step: StepState, now: Instant): string {
  const duration = durationOf(step, now);
  const after = duration === null ? '' : ` ${step.endedAt === null ? 'for' : 'after'} ${duration.text}`;
  const exit = step.exitCode === null || step.exitCode === 0 ? '' : `, exit code ${step.exitCode}`;
  return `${step.name} ${STATUS_WORDS[step.status].toLowerCase()}${after}${exit}`;
}
