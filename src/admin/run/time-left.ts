import { elapsedMs, type Instant } from '../../clock/clock';
import type { Run, StepState } from '../../runs/run';
import type { AlikeRun } from '../../history/run-history.repository';
import { phaseOf } from '../../runs/run-state';
import { durationText } from '../../clock/duration-text';
import { isLongerThanUsual, usualMs } from '../../history/usual-duration';

export interface TimeLeft {
  text: string;
  isOver: boolean;
}

/** Returns the typical duration of each step by name, without steps that too few runs contain. */
export function usualStepMs(earlier: AlikeRun[]): Map<string, number> {
  const completed = new Map<string, StepState[]>();
  for (const step of earlier.flatMap(({ steps }) => steps)) {
    if (step.status === 'completed') completed.set(step.name, [...(completed.get(step.name) ?? []), step]);
  }
  return new Map(
    [...completed].flatMap(([name, steps]): [string, number][] => {
      const ms = usualMs(steps);
      return ms === null ? [] : [[name, ms]];
    }),
  );
}

/**
 * Estimates the time left of an active run from earlier runs; null with too few of them. For a step that reports
 * its share, the estimate is the rest of its typical duration. If its pace is clearly slower, the estimate follows
 * that pace.
 */
export function timeLeft(run: Run, earlier: AlikeRun[], now: Instant): TimeLeft | null {
  if (phaseOf(run) !== 'active') return null;
  const parts = run.executor === 'external' ? wholeRun(run, earlier) : openSteps(run, earlier);
  if (parts === null || parts.length === 0) return null;
  let leftMs = 0;
  let late: string | null = null;
  let atThisPace = false;
  for (const { usual, startedAt, share } of parts) {
    const elapsed = startedAt === null ? 0 : elapsedMs(startedAt, now);
    if (share !== null && share > 0) {
      const isSlow = isLongerThanUsual(elapsed, usual * share);
      leftMs += isSlow ? (elapsed * (1 - share)) / share : usual * (1 - share);
      atThisPace ||= isSlow && isLongerThanUsual(elapsed, usual);
      continue;
    }
    leftMs += Math.max(0, usual - elapsed);
    if (isLongerThanUsual(elapsed, usual)) late = `longer than the typical ${durationText(usual)}`;
  }
  if (atThisPace) return { text: `${aboutText(leftMs)} at this pace, longer than typical`, isOver: true };
  if (late === null) return { text: leftMs === 0 ? 'nearly done' : aboutText(leftMs), isOver: false };
  return {
    text: leftMs === 0 ? late : `${late}; later steps take ${usualText(leftMs)}`,
    isOver: true,
  };
}

interface Part {
  usual: number;
  startedAt: Instant | null;
  /** The finished share of the step, if reported. */
  share: number | null;
}

function openSteps(run: Run, earlier: AlikeRun[]): Part[] | null {
  const usual = usualStepMs(earlier);
  const open = run.steps.filter(({ endedAt }) => endedAt === null);
  if (open.some(({ name }) => !usual.has(name))) return null;
  return open.map(({ name, startedAt }) => ({
    usual: usual.get(name)!,
    startedAt,
    share: name === run.progress.step ? shareOf(run) : null,
  }));
}

/** An external worker may report further steps, so its run is estimated as a whole. */
function wholeRun(run: Run, earlier: AlikeRun[]): Part[] | null {
  const usual = usualMs(earlier);
  const share = run.progress.step === null ? shareOf(run) : null;
  return usual === null ? null : [{ usual, startedAt: run.startedAt, share }];
}

function shareOf({ progress: { current, total } }: Run): number | null {
  return current === null || total === null || total <= 0 ? null : Math.min(1, current / total);
}

function aboutText(ms: number): string {
  return ms < 10_000 ? 'a few seconds left' : `${usualText(ms)} left`;
}

/** Rounds the estimate, so that it changes rarely: to 10 s, 1 min, 5 min, 15 min. */
function usualText(ms: number): string {
  const seconds = Math.max(10, Math.round(ms / 10_000) * 10);
  if (seconds < 60) return `about ${seconds} s`;
  const minutes = Math.round(ms / 60_000);
  if (minutes < 10) return `about ${Math.max(1, minutes)} min`;
  const coarse = minutes < 60 ? Math.round(minutes / 5) * 5 : Math.round(minutes / 15) * 15;
  if (coarse < 60) return `about ${coarse} min`;
  const rest = coarse % 60;
  return `about ${Math.floor(coarse / 60)} h${rest === 0 ? '' : ` ${rest} min`}`;
}
