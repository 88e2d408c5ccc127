import { elapsedMs, type Instant } from '../../clock/clock';
import type { Run, StepState } from '../../runs/run';
import type { AlikeRun } from '../../history/run-history.repository';
import { durationText } from '../words/duration-text';
import { type StepRow, stepRows } from './run-steps';
import { usualStepMs } from './time-left';
import { isLongerThanUsual } from './usual-duration';

/** Of the drawing; its width is the whole time that the steps took. */
const WIDTH = 1000;
/** What is too short to be seen is drawn so wide. */
const MIN_WIDTH = 6;

export interface TimelineRow extends StepRow {
  usual: string | null;
  isSlow: boolean;
  bar: { x: number; width: number; usualWidth: number | null } | null;
  logHref: string | null;
}

export interface StepTimeline {
  rows: TimelineRow[];
  /** How long the time is that the bars are drawn on; null where none is drawn. */
  span: string | null;
}

/** The steps on one scale of time, from the first one's start to the last one's end, or to now. */
export function stepTimeline(run: Run, earlier: AlikeRun[], now: Instant): StepTimeline {
  const usual = usualStepMs(earlier);
  const starts = run.steps.flatMap(({ startedAt }) => startedAt ?? []).sort();
  const from = starts[0] ?? null;
  const reachOf = (step: StepState & { startedAt: Instant }) => {
    const ms = elapsedMs(step.startedAt, step.endedAt ?? now);
    // A step at work has its usual time before it on the drawing, to be filled.
    const expected = step.endedAt === null ? (usual.get(step.name) ?? 0) : 0;
    return elapsedMs(from!, step.startedAt) + Math.max(ms, expected);
  };
  const spanMs = Math.max(1, ...run.steps.filter(hasStarted).map(reachOf));
  const scaled = (ms: number) => Math.round((ms / spanMs) * WIDTH);

  const rows = stepRows(run, now).map((row, index): TimelineRow => {
    const step = run.steps[index]!;
    const usualMs = usual.get(row.name) ?? null;
    const logHref = hasStarted(step) ? `?step=${encodeURIComponent(row.name)}#run-log` : null;
    if (!hasStarted(step)) {
      return {
        ...row,
        usual: usualMs === null ? null : durationText(usualMs),
        isSlow: false,
        bar: null,
        logHref,
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
    };
  });
  return { rows, span: from === null ? null : durationText(spanMs) };
}

function hasStarted(step: StepState): step is StepState & { startedAt: Instant } {
  return step.startedAt !== null;
}
