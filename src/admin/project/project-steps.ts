import type { Instant } from '../../clock/clock';
import type { Run, StepState } from '../../runs/run';
import { type DurationText, durationOf } from '../words/duration-text';
import { type StatusMark, stepMark } from '../words/status-mark';
import { PAST_RUNS, type StepHistory } from './step-history';
import { type TimeText, timeTextOrNull } from '../words/time-text';
import { wordList } from '../words/word-list';

/** A limit, because each run of an external worker may report other steps. */
const MAX_REPORTED_STEPS = 100;

/** A step of a project: its last outcome, and the scopes to run it again. */
export interface ProjectStep {
  name: string;
  mark: StatusMark;
  duration: DurationText | null;
  exitCode: number | null;
  /** When the step ended, and the link to its run. */
  endedAt: TimeText | null;
  runHref: string | null;
  isCurrent: boolean;
  /** True if the step ran before, so that running it is a repeat. */
  hasRun: boolean;
  /** Earlier steps that a run from here would skip although they never completed: "fetch and parse". */
  skips: string | null;
  onlyScope: string | null;
  /** Null for the first step, because that equals the full scope. */
  fromScope: string | null;
}

/**
 * @param stepNames steps of the current pipeline; steps reported by an external worker follow
 * @param active the active run; its own steps take precedence
 */
export function projectSteps(
  stepNames: string[],
  { outcomes, completedAt, isWhole }: StepHistory,
  active: Run | null,
  now: Instant,
): ProjectStep[] {
  const running = new Map((active?.steps ?? []).map((step) => [step.name, step]));
  const others =
    stepNames.length > 0
      ? []
      : [...new Set([...running.keys(), ...outcomes.keys()])].slice(0, MAX_REPORTED_STEPS);
  const missingBefore = (index: number) =>
    stepNames.filter((name, place) => place < index && !completedAt.has(name));
  return [...stepNames, ...others].map((name) => {
    const ofActive = running.get(name);
    const last = outcomes.get(name);
    const step = ofActive ?? last?.step ?? null;
    const runId = ofActive ? active!.runId : (last?.runId ?? null);
    const index = stepNames.indexOf(name);
    return {
      ...(step === null ? nothingOf(isWhole) : stepFacts(step, now)),
      name,
      hasRun: step !== null,
      skips: active || !isWhole ? null : wordList(missingBefore(index)) || null,
      runHref: step === null || runId === null ? null : `/runs/${runId}`,
      onlyScope: index < 0 ? null : `only:${name}`,
      fromScope: index < 1 ? null : `from:${name}`,
    };
  });
}

function nothingOf(isWhole: boolean) {
  const mark = stepMark('never');
  return {
    mark: isWhole ? mark : { ...mark, word: `Not in the last ${PAST_RUNS} runs` },
    duration: null,
    exitCode: null,
    endedAt: null,
    isCurrent: false,
  };
}

function stepFacts(step: StepState, now: Instant) {
  const { status, exitCode, endedAt } = step;
  return {
    mark: stepMark(status),
    duration: durationOf(step, now),
    exitCode: exitCode === 0 ? null : exitCode,
    endedAt: timeTextOrNull(endedAt),
    isCurrent: status === 'running',
  };
}
