import { elapsedMs, type Instant } from '../../clock/clock';
import type { Run, StepState } from '../../runs/run';
import type { AlikeRun } from '../../history/run-history.repository';
import { durationText } from '../../clock/duration-text';
import { ticking } from '../words/ticking';
import { ranSideBySide } from '../../runs/step-state';
import { type StepRow, stepRows } from './run-steps';
import { usualStepMs } from './time-left';
import { isLongerThanUsual } from '../../history/usual-duration';

/** The width of the drawing, in its own units; it spans all steps. */
const WIDTH = 1000;
/** The minimum width of a bar, so that a short step is visible. */
const MIN_WIDTH = 6;

export interface TimelineRow extends StepRow {
  usual: string | null;
  isSlow: boolean;
  bar: { x: number; width: number; usualWidth: number | null } | null;
  logHref: string | null;
  /** The lines of this step only, if other steps write at the same time. */
  onlyHref: string | null;
}

export interface StepTimeline {
  rows: TimelineRow[];
}

/** Places the steps on one time scale, from the first start to the last end or now. */
export function stepTimeline(run: Run, earlier: AlikeRun[], now: Instant): StepTimeline {
  const usual = usualStepMs(earlier);
  const starts = run.steps.flatMap(({ startedAt }) => startedAt ?? []).sort();
  const from = starts[0] ?? null;
  const reachOf = (step: StepState & { startedAt: Instant }) => {
    const ms = elapsedMs(step.startedAt, step.endedAt ?? now);
    // A running step reserves its typical duration on the scale.
    const expected = step.endedAt === null ? (usual.get(step.name) ?? 0) : 0;
    return elapsedMs(from!, step.startedAt) + Math.max(ms, expected);
  };
  const spanMs = Math.max(1, ...run.steps.filter(hasStarted).map(reachOf));
  const scaled = (ms: number) => Math.round((ms / spanMs) * WIDTH);

  const isMixed = ranSideBySide(run.steps);
  const rows = stepRows(run, now).map((row, index): TimelineRow => {
    const step = run.steps[index]!;
    const usualMs = usual.get(row.name) ?? null;
    const logHref = hasStarted(step) ? `?step=${encodeURIComponent(row.name)}#run-log` : null;
    const onlyHref =
      isMixed && isBesideOthers(step, run.steps) ? `?only=${encodeURIComponent(row.name)}#run-log` : null;
    if (!hasStarted(step)) {
      return {
        ...row,
        usual: usualMs === null ? null : durationText(usualMs),
        isSlow: false,
        bar: null,
        logHref,
        onlyHref,
      };
    }
    const ms = elapsedMs(step.startedAt, step.endedAt ?? now);
    const width = Math.max(MIN_WIDTH, scaled(ms));
    const isExpected = usualMs !== null && step.endedAt === null && usualMs > ms;
    return {
      ...row,
      usual: usualMs === null ? null : durationText(usualMs),
      isSlow: usualMs !== null && isLongerThanUsual(ms, usualMs),
      bar: {
        x: Math.min(WIDTH - width, scaled(elapsedMs(from!, step.startedAt))),
        width,
        usualWidth: isExpected ? scaled(usualMs) : null,
      },
      logHref,
      onlyHref,
    };
  });
  const timeline = { rows };
  const isGrowing = run.steps.some((step) => hasStarted(step) && step.endedAt === null);
  return isGrowing ? ticking(timeline, { rows: rows.map((row) => ({ ...row, bar: null })) }) : timeline;
}

/** Returns true if another step ran at the same time, so that the lines of both are mixed in the log. */
function isBesideOthers({ name, startedAt, endedAt }: StepState, steps: StepState[]): boolean {
  if (startedAt === null) return false;
  return steps.some(
    (other) =>
      other.name !== name &&
      other.startedAt !== null &&
      (endedAt === null || other.startedAt < endedAt) &&
      (other.endedAt === null || startedAt < other.endedAt),
  );
}

function hasStarted(step: StepState): step is StepState & { startedAt: Instant } {
  return step.startedAt !== null;
}
