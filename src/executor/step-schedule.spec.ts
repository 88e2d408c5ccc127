import { SeededRandom } from '../../test/support/random';
import { findCycle, type GraphStep, type PlannedStep, planOf } from '../projects/step-graph';
import { type StepOutcome, StepSchedule } from './step-schedule';

const step = (name: string, after: string[] = [], more: Partial<PlannedStep> = {}): PlannedStep => ({
  name,
  when: 'success',
  continueOnError: false,
  after,
  ...more,
});
const always = { when: 'always' } as const;
const onFailure = { when: 'failure' } as const;

describe('StepSchedule', () => {
  it('starts steps whose needs are met, up to the limit', () => {
    const schedule = new StepSchedule([step('a'), step('b'), step('c'), step('d', ['a'])], 2);
    expect(schedule.next()).toEqual({ start: ['a', 'b'], skipped: [] });
    expect(schedule.next().start).toEqual([]);
    schedule.ended('a', 'completed');
    expect(schedule.next().start).toEqual(['c']);
    schedule.ended('b', 'completed');
    expect(schedule.next().start).toEqual(['d']);
  });

  it('lets running steps finish after a failure, and starts no other ordinary step', () => {
    const schedule = new StepSchedule([step('a'), step('b'), step('c', ['b'])], 4);
    schedule.next();
    schedule.ended('a', 'failed');
    expect(schedule.next()).toEqual({ start: [], skipped: ['c'] });
    expect(schedule.isDone).toBe(false);
    schedule.ended('b', 'completed');
    expect(schedule.isDone).toBe(true);
  });

  it('goes on after a failure with continueOnError', () => {
    const schedule = new StepSchedule([step('a', [], { continueOnError: true }), step('b', ['a'])], 4);
    schedule.next();
    schedule.ended('a', 'failed');
    expect(schedule.next()).toEqual({ start: ['b'], skipped: [] });
  });

  it('spreads skips to all steps that need a skipped one', () => {
    const schedule = new StepSchedule(
      [step('c', ['b']), step('b', ['tell']), step('a'), step('tell', ['a'], onFailure)],
      4,
    );
    schedule.next();
    schedule.ended('a', 'completed');
    expect(schedule.next().skipped).toEqual(['tell', 'b', 'c']);
    expect(schedule.isDone).toBe(true);
  });

  it('runs a step for failures only if a step that it waits for has failed', () => {
    const steps = [step('a'), step('b'), step('tell-a', ['a'], onFailure), step('tell-b', ['b'], onFailure)];
    const schedule = new StepSchedule(steps, 4);
    schedule.next();
    schedule.ended('a', 'failed');
    expect(schedule.next()).toEqual({ start: ['tell-a'], skipped: [] });
    schedule.ended('b', 'completed');
    expect(schedule.next()).toEqual({ start: [], skipped: ['tell-b'] });
  });

  it('treats a failure with continueOnError as no failure for such a step', () => {
    const schedule = new StepSchedule(
      [step('a', [], { continueOnError: true }), step('tell', ['a'], onFailure)],
      4,
    );
    schedule.next();
    schedule.ended('a', 'failed');
    expect(schedule.next()).toEqual({ start: [], skipped: ['tell'] });
  });

  it('runs a step with when: always after a stop, and no other', () => {
    const steps = [step('a'), step('b', ['a']), step('tell', ['a'], onFailure), step('tidy', ['b'], always)];
    const schedule = new StepSchedule(steps, 4);
    schedule.next();
    expect(schedule.stop()).toEqual([]);
    expect(schedule.next()).toEqual({ start: [], skipped: ['b', 'tell'] });
    schedule.ended('a', 'cancelled');
    expect(schedule.next()).toEqual({ start: ['tidy'], skipped: [] });
  });

  it('starts no step at all once it is abandoned', () => {
    const schedule = new StepSchedule([step('a'), step('tidy', ['a'], always)], 4);
    schedule.next();
    schedule.abandon();
    schedule.ended('a', 'cancelled');
    expect(schedule.next()).toEqual({ start: [], skipped: ['tidy'] });
  });

  it('frees the slot of a step that waits for its next attempt', () => {
    const schedule = new StepSchedule([step('a'), step('b'), step('c')], 1);
    schedule.next();
    schedule.retries('a');
    expect(schedule.next().start).toEqual(['b']);
    schedule.isDue('a');
    expect(schedule.next().start).toEqual([]);
    schedule.ended('b', 'completed');
    expect(schedule.next().start).toEqual(['a']);
  });

  it('gives up waiting attempts at a stop, except those of steps with when: always', () => {
    const schedule = new StepSchedule([step('a'), step('b'), step('tidy', [], always)], 3);
    schedule.next();
    for (const name of ['a', 'b', 'tidy']) schedule.retries(name);
    schedule.isDue('b');
    expect(schedule.stop()).toEqual(['a', 'b']);
    expect(schedule.abandon()).toEqual(['tidy']);
    expect(schedule.isDone).toBe(true);
  });

  it('counts the steps that could run beside one', () => {
    const schedule = new StepSchedule([step('a'), step('b'), step('c'), step('d', ['a', 'b', 'c'])], 3);
    expect(schedule.next().start).toEqual(['a', 'b', 'c']);
    expect(schedule.possiblePeers('a')).toBe(0);
    const chain = new StepSchedule([step('a'), step('b', ['a']), step('c', ['b'])], 3);
    chain.next();
    expect(chain.possiblePeers('a')).toBe(0);
    const few = new StepSchedule([step('a'), step('b'), step('c')], 2);
    few.next();
    few.ended('a', 'completed');
    expect(few.possiblePeers('b')).toBe(1);
  });
});

/** A step of a random graph: what it does each time it runs, in the order of its attempts. */
interface Act {
  graph: GraphStep;
  attempts: { takes: number; succeeds: boolean }[];
  delay: number;
}

interface Trace {
  /** The start and the end of each attempt, in the order in which they happened. */
  spans: { name: string; attempt: number; from: number; to: number }[];
  outcomes: Record<string, StepOutcome>;
  isDone: boolean;
}

function randomGraph(random: SeededRandom): { acts: Act[]; parallel: number; stopAt: number | null } {
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

/** Runs the schedule as the executor does, with a simulated clock. Processes end at once after a stop. */
function simulate(acts: Act[], parallel: number, stopAt: number | null): Trace {
  const plan = planOf(
    acts.map(({ graph }) => graph),
    acts.map(({ graph }) => graph.name),
    null,
  );
  const schedule = new StepSchedule(plan, parallel);
  const byName = new Map(acts.map((act) => [act.graph.name, act]));
  const turns = new Map<string, number>();
  const trace: Trace = { spans: [], outcomes: {}, isDone: false };
  const timers: { at: number; order: number; run: () => void }[] = [];
  const live = new Map<string, Trace['spans'][number]>();
  let now = 0;
  let order = 0;
  let isStopped = false;
  const later = (ms: number, run: () => void) => timers.push({ at: now + ms, order: order++, run });
  const end = (name: string, outcome: StepOutcome) => {
    if (trace.outcomes[name] !== undefined) throw new Error(`${name} ended twice`);
    trace.outcomes[name] = outcome;
  };
  const advance = () => {
    const { start, skipped } = schedule.next();
    for (const name of skipped) end(name, 'skipped');
    for (const name of start) {
      const turn = (turns.get(name) ?? 0) + 1;
      turns.set(name, turn);
      const span = { name, attempt: turn, from: now, to: Infinity };
      trace.spans.push(span);
      live.set(name, span);
      const act = byName.get(name)!;
      const { takes, succeeds } = act.attempts[turn - 1]!;
      later(takes, () => {
        if (live.get(name) !== span) return;
        live.delete(name);
        span.to = now;
        if (!succeeds && turn < act.attempts.length && (!isStopped || act.graph.when === 'always')) {
          schedule.retries(name);
          later(act.delay, () => schedule.isDue(name));
          return;
        }
        end(name, succeeds ? 'completed' : 'failed');
        schedule.ended(name, succeeds ? 'completed' : 'failed');
      });
    }
  };
  if (stopAt !== null) {
    later(stopAt, () => {
      isStopped = true;
      for (const name of schedule.stop()) end(name, 'cancelled');
      for (const [name, span] of [...live]) {
        if (byName.get(name)!.graph.when === 'always') continue;
        live.delete(name);
        span.to = now;
        end(name, 'cancelled');
        schedule.ended(name, 'cancelled');
      }
    });
  }
  advance();
  while (timers.length > 0 && !schedule.isDone) {
    timers.sort((one, other) => one.at - other.at || one.order - other.order);
    const next = timers.shift()!;
    now = next.at;
    next.run();
    advance();
  }
  trace.isDone = schedule.isDone;
  return trace;
}

/**
 * The model: reads the rules of the documentation one by one, from the file and from the trace, without a schedule.
 * Returns what is wrong.
 */
function faultsOf(acts: Act[], parallel: number, stopAt: number | null, trace: Trace): string[] {
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
    const isLate = stopAt !== null && first !== undefined && first > stopAt;
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

describe('10,000 random graphs', () => {
  it.each(Array.from({ length: 10 }, (_, index) => index))('agree with the model, part %i', (part) => {
    const random = new SeededRandom(20261130 + part);
    for (let round = 0; round < 1000; round++) {
      const { acts, parallel, stopAt } = randomGraph(random);
      const trace = simulate(acts, parallel, stopAt);
      const faults = faultsOf(acts, parallel, stopAt, trace);
      if (faults.length > 0) {
        throw new Error(
          `${faults.join('\n')}\n${JSON.stringify({ round, parallel, stopAt, acts, trace }, null, 1)}`,
        );
      }
    }
  });
});
