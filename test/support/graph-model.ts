import type { StepOutcome } from '../../src/executor/step-schedule';
import { findCycle, type GraphStep } from '../../src/projects/step-graph';
import type { SeededRandom } from './random';

/** A step of a random graph: what it does each time it runs, in the order of its attempts. */
export interface Act {
  graph: GraphStep;
  attempts: { takes: number; succeeds: boolean }[];
  delay: number;
}

export interface Trace {
  /** The start and the end of each attempt, in the order in which they happened. */
  spans: { name: string; attempt: number; from: number; to: number }[];
  outcomes: Record<string, StepOutcome>;
  isDone: boolean;
}

export interface RandomGraph {
  acts: Act[];
  parallel: number;
  /** When a stop is requested, in milliseconds. */
  stopAt: number | null;
}

export function randomGraph(random: SeededRandom): RandomGraph {
  const count = random.integer(1, 12);
  const isSequence = random.integer(0, 3) === 0;
  const acts = Array.from({ length: count }, (_, index): Act => {
    const kind = random.integer(0, 9);
    const when = kind < 7 ? 'success' : kind < 8 ? 'failure' : 'always';
    const needs = Array.from({ length: index }, (_unused, other) => `s${other}`).filter(
      () => random.integer(0, index - 1) < 2,
    );
    const tries = random.integer(0, 2) === 0 ? random.integer(1, 3) : 1;
    return {
      graph: {
        name: `s${index}`,
        when,
        needs: isSequence ? null : when !== 'success' && random.integer(0, 1) === 0 ? [] : needs,
        continueOnError: random.integer(0, 7) === 0,
      },
      attempts: Array.from({ length: tries }, () => ({
        takes: random.integer(1, 20),
        succeeds: random.integer(0, 3) > 0,
      })),
      delay: random.integer(0, 9),
    };
  });
  // A step that waits for all others can be needed by one of them.
  if (findCycle(acts.map(({ graph }) => graph)) !== null) return randomGraph(random);
  return {
    acts,
    parallel: random.integer(1, 4),
    stopAt: random.integer(0, 3) === 0 ? random.integer(0, 39) : null,
  };
}

/** Returns false for graphs that a project file may not have: an ordinary step that needs one for failures. */
export function isAllowedInFile({ acts }: RandomGraph): boolean {
  const whenOf = new Map(acts.map(({ graph }) => [graph.name, graph.when]));
  return acts.every(
    ({ graph }) => graph.when !== 'success' || !graph.needs?.some((need) => whenOf.get(need) === 'failure'),
  );
}

/**
 * The model: reads the rules of the documentation one by one, from the file and from the trace, without a schedule.
 * Returns what is wrong.
 * @param stopTakesMs the longest time from the request of a stop until the executor gets it
 */
export function faultsOf({ acts, parallel, stopAt }: RandomGraph, trace: Trace, stopTakesMs = 0): string[] {
  const faults: string[] = [];
  const isSequence = acts.every(({ graph }) => graph.needs === null);
  const ordinary = acts.filter(({ graph }) => graph.when === 'success').map(({ graph }) => graph.name);
  const needsOf = ({ graph }: Act): string[] => {
    if (graph.when !== 'success' && !graph.needs?.length) {
      const earlier = acts.slice(
        0,
        acts.findIndex((act) => act.graph === graph),
      );
      const before = isSequence ? earlier.filter((act) => act.graph.when !== 'success') : [];
      return [...ordinary, ...before.map((act) => act.graph.name)];
    }
    if (!isSequence) return graph.needs ?? [];
    return ordinary.slice(0, ordinary.indexOf(graph.name));
  };
  const byName = new Map(acts.map((act) => [act.graph.name, act]));
  const spansOf = (name: string) => trace.spans.filter((span) => span.name === name);
  const endOf = (name: string) => Math.max(-1, ...spansOf(name).map(({ to }) => to));
  const isFailure = (name: string) =>
    trace.outcomes[name] === 'failed' && !byName.get(name)!.graph.continueOnError;
  const firstFailure = Math.min(
    Infinity,
    ...acts.filter(({ graph }) => isFailure(graph.name)).map(({ graph }) => endOf(graph.name)),
  );
  const reach = (act: Act): Set<string> => {
    const all = new Set(needsOf(act));
    for (const name of all) for (const need of needsOf(byName.get(name)!)) all.add(need);
    return all;
  };

  if (!trace.isDone) faults.push('the run never ends');
  for (const act of acts) {
    const { name, when } = act.graph;
    const outcome = trace.outcomes[name];
    const spans = spansOf(name);
    const first = spans[0]?.from;
    const needs = needsOf(act);
    const isLate = stopAt !== null && first !== undefined && first > stopAt + stopTakesMs;
    if (outcome === undefined) faults.push(`${name} has no outcome`);
    if ((outcome === 'skipped') !== (spans.length === 0))
      faults.push(`${name} is ${outcome} with ${spans.length} attempts`);
    if (spans.length > act.attempts.length) faults.push(`${name} has too many attempts`);
    spans.forEach(({ from, attempt, to }, index) => {
      if (attempt !== index + 1) faults.push(`${name}: attempt ${attempt} out of order`);
      if (index > 0 && from < spans[index - 1]!.to + act.delay)
        faults.push(`${name}: attempts overlap or come too early`);
      if (index > 0 && act.attempts[index - 1]!.succeeds) faults.push(`${name} is repeated after a success`);
      if (to === Infinity) faults.push(`${name} never ended`);
    });
    if (outcome === 'completed' && !act.attempts[spans.length - 1]!.succeeds)
      faults.push(`${name} is completed after a failure`);
    const mayStop = stopAt !== null && when !== 'always' && endOf(name) >= stopAt;
    if (outcome === 'failed' && spans.length < act.attempts.length && !mayStop)
      faults.push(`${name} gives up too early`);
    if (first !== undefined) {
      for (const need of needs) {
        if (trace.outcomes[need] === 'skipped' ? when === 'success' : endOf(need) > first)
          faults.push(`${name} does not wait for ${need}`);
        if (when === 'success' && (isFailure(need) || trace.outcomes[need] === 'cancelled'))
          faults.push(`${name} runs after ${need} failed`);
      }
      if (when === 'success' && first > firstFailure) faults.push(`${name} starts after a failure`);
      if (when !== 'always' && isLate) faults.push(`${name} starts after the stop`);
      if (when === 'failure' && ![...reach(act)].some(isFailure))
        faults.push(`${name} runs without a failure`);
      if ([...reach(act)].some((before) => endOf(before) > first))
        faults.push(`${name} starts before a step that it waits for through another one`);
    } else {
      const isStoppedRun = stopAt !== null;
      const isHeld = needs.some(
        (need) => !['completed', 'failed'].includes(trace.outcomes[need]!) || isFailure(need),
      );
      if (when === 'always') faults.push(`${name} is left out`);
      if (when === 'success' && !isStoppedRun && firstFailure === Infinity && !isHeld)
        faults.push(`${name} is skipped without a reason`);
      if (when === 'failure' && !isStoppedRun && [...reach(act)].some(isFailure))
        faults.push(`${name} misses a failure`);
    }
  }
  for (const { from } of trace.spans) {
    const running = trace.spans.filter((span) => span.from <= from && from < span.to).length;
    if (running > parallel) faults.push(`${running} steps run at once`);
  }
  return faults;
}
