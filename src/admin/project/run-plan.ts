import type { ProjectDefinition } from '../../projects/project';
import { scopesOf, stepsInScope } from '../../projects/scope';
import type { QuotaStatus } from '../../quota/quotas';
import { stepsBefore } from '../../runs/earlier-outputs';
import { numberText } from '../words/number-text';
import { scopeWords } from '../words/status-words';
import { PAST_RUNS, type StepHistory } from './step-history';
import { type TimeText, timeText } from '../words/time-text';
import { wordList } from '../words/word-list';

/** The effect of a run, as text beside its button. */
export interface RunPlan {
  scope: string;
  label: string;
  /** "Runs 3 steps: dedupe, score and publish." */
  runs: string;
  /** "Reuses the results of search and capture from", followed by the time. */
  reuses: { text: string; at: TimeText }[];
  /** Earlier steps without a result to reuse. */
  missing: string | null;
  /** "Leaves publish unchanged." */
  leaves: string | null;
  quota: { text: string; resetsAt: TimeText | null; isShort: boolean } | null;
}

const MAX_PLANS = 100;

export interface PlanFacts {
  definition: ProjectDefinition;
  history: StepHistory;
  quota: QuotaStatus | null;
  /** The typical number of calls of a run, by scope. */
  usualCalls: Map<string, number>;
}

/** Returns the plan of each scope, in the order of the drop-down. A pipeline can have two scopes for each of a thousand steps. */
export function runPlans(facts: PlanFacts): RunPlan[] {
  return scopesOf(facts.definition)
    .slice(0, MAX_PLANS)
    .flatMap((scope) => runPlan(scope, facts) ?? []);
}

/** Returns null for an unknown scope. */
export function runPlan(
  scope: string,
  { definition, history, quota, usualCalls }: PlanFacts,
): RunPlan | null {
  const chosen = stepsInScope(definition, scope);
  if (chosen === null) return null;
  const before = stepsBefore(definition, chosen);
  const isConcerned = new Set([...chosen, ...before]);
  const others = definition.steps.filter(({ name }) => !isConcerned.has(name));
  return {
    scope,
    label: scopeWords(scope),
    runs: runsText(definition, chosen),
    reuses: reuses(before, history),
    missing: missingText(
      before.filter((name) => !history.completedAt.has(name)),
      history.isWhole,
    ),
    leaves: leavesText(others.filter(({ when }) => when === 'success').map(({ name }) => name)),
    quota: definition.quota ? quotaOf(quota, usualCalls.get(scope) ?? null) : null,
  };
}

function runsText({ executor }: ProjectDefinition, chosen: string[]): string {
  const steps = `${chosen.length === 1 ? '1 step' : `${chosen.length} steps`}: ${wordList(chosen)}`;
  if (executor === 'steps') return `Runs ${steps}.`;
  return chosen.length === 0
    ? 'An external worker executes the run and reports its steps.'
    : `An external worker runs ${steps}.`;
}

/** Groups the steps by the run that left their results. */
function reuses(before: string[], { completedAt }: StepHistory): RunPlan['reuses'] {
  const byRun = new Map<string, string[]>();
  for (const name of before) {
    const last = completedAt.get(name);
    if (last) byRun.set(last.runId, [...(byRun.get(last.runId) ?? []), name]);
  }
  return [...byRun.values()].map((steps) => ({
    text: `Reuses the results of ${wordList(steps)} from`,
    at: timeText(completedAt.get(steps.at(-1)!)!.at),
  }));
}

function leavesText(steps: string[]): string | null {
  if (steps.length === 0) return null;
  return `Leaves ${wordList(steps)} unchanged.`;
}

function missingText(steps: string[], isWhole: boolean): string | null {
  if (steps.length === 0) return null;
  const [has, it, its] = steps.length === 1 ? ['has', 'it has', 'its'] : ['have', 'they have', 'their'];
  return isWhole
    ? `${wordList(steps)} ${has} never completed, so ${it} no results to reuse.`
    : `${wordList(steps)} ${has} not completed in the last ${PAST_RUNS} runs, so ${its} results, if any, are older.`;
}

function quotaOf(quota: QuotaStatus | null, usual: number | null): RunPlan['quota'] {
  const typical = usual === null ? 'no data for this scope yet' : `typically ${callsText(usual)}`;
  if (quota === null) return { text: `Quota: ${typical}, no limit is set.`, resetsAt: null, isShort: false };
  const { remaining, resetsAt } = quota;
  // The button already shows that the run is refused, so the estimate is left out.
  if (remaining === 0) return null;
  return {
    text: `Quota: ${typical}, ${numberText(remaining)} left, resets`,
    resetsAt: timeText(resetsAt),
    isShort: usual !== null && usual > remaining,
  };
}

function callsText(calls: number): string {
  return calls === 1 ? '1 call' : `${numberText(calls)} calls`;
}
