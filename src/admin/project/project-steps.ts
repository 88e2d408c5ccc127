import type { Instant } from '../../clock/clock';
import type { StepDefinition, StepWhen } from '../../projects/project';
import { startsOf } from '../../projects/scope';
import { ancestorsOf } from '../../projects/step-graph';
import type { Run, StepState } from '../../runs/run';
import { type DurationText, durationOf } from '../words/duration-text';
import { type StatusMark, stepMark } from '../words/status-mark';
import { PAST_RUNS, type StepHistory } from './step-history';
import { type TimeText, timeTextOrNull } from '../words/time-text';
import { wordList } from '../words/word-list';

/** A limit, because each run of an external worker may report other steps. */
const MAX_REPORTED_STEPS = 100;

/** The hint about skipped steps compares each step with each other one. */
const MAX_STEPS_FOR_HINTS = 200;

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
  /** "after fetch and parse, up to 3 attempts"; null for a step that simply follows the one before. */
  rules: string | null;
  /** Earlier steps that a run from here would skip although they never completed: "fetch and parse". */
  skips: string | null;
  onlyScope: string | null;
  /** Null for the first step of a sequence, because that equals the full scope. */
  fromScope: string | null;
}

/**
 * @param pipeline steps of the current definition; steps reported by an external worker follow
 * @param active the active run; its own steps take precedence
 */
export function projectSteps(
  pipeline: StepDefinition[],
  { outcomes, completedAt, isWhole }: StepHistory,
  active: Run | null,
  now: Instant,
): ProjectStep[] {
  const stepNames = pipeline.map(({ name }) => name);
  const running = new Map((active?.steps ?? []).map((step) => [step.name, step]));
  const others =
    stepNames.length > 0
      ? []
      : [...new Set([...running.keys(), ...outcomes.keys()])].slice(0, MAX_REPORTED_STEPS);
  const isAnyMissing =
    pipeline.length <= MAX_STEPS_FOR_HINTS && pipeline.some(({ name }) => !completedAt.has(name));
  const missingBefore = (name: string) =>
    isAnyMissing ? ancestorsOf(pipeline, name).filter((before) => !completedAt.has(before)) : [];
  const starts = new Set(startsOf({ steps: pipeline }));
  const isSequence = pipeline.every(({ needs }) => needs === null);
  const definitions = new Map(pipeline.map((step) => [step.name, step]));
  return [...stepNames, ...others].map((name) => {
    const ofActive = running.get(name);
    const last = outcomes.get(name);
    const step = ofActive ?? last?.step ?? null;
    const runId = ofActive ? active!.runId : (last?.runId ?? null);
    const definition = definitions.get(name);
    return {
      ...(step === null ? nothingOf(isWhole) : stepFacts(step, now)),
      name,
      hasRun: step !== null,
      rules: definition === undefined ? null : stepRules(definition, isSequence),
      skips: active || !isWhole || definition === undefined ? null : wordList(missingBefore(name)) || null,
      // A pending step has nothing to look at.
      runHref: step === null || step.status === 'pending' || runId === null ? null : `/runs/${runId}`,
      onlyScope: definition === undefined ? null : `only:${name}`,
      fromScope: starts.has(name) ? `from:${name}` : null,
    };
  });
}

const WHEN_WORDS: Record<StepWhen, string | null> = {
  success: null,
  failure: 'only after a failure',
  always: 'always runs',
};

function stepRules(
  { needs, when, continueOnError, retry }: StepDefinition,
  isSequence: boolean,
): string | null {
  const rules = [
    isSequence || needs === null || needs.length === 0 ? null : `after ${wordList(needs)}`,
    WHEN_WORDS[when],
    retry === null || retry.maxAttempts === 1 ? null : `up to ${retry.maxAttempts} attempts`,
    continueOnError ? 'may fail' : null,
  ];
  return rules.filter((rule) => rule !== null).join(', ') || null;
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
