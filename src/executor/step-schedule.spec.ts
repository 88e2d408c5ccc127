import { faultsOf, type RandomGraph, randomGraph, type Trace } from '../../test/support/graph-model';
import { SeededRandom } from '../../test/support/random';
import { type PlannedStep, planOf } from '../projects/step-graph';
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

/** Runs the schedule as the executor does, with a simulated clock. Processes end at once after a stop. */
function simulate({ acts, parallel, stopAt }: RandomGraph): Trace {
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

describe('10,000 random graphs', () => {
  it.each(Array.from({ length: 10 }, (_, index) => index))('agree with the model, part %i', (part) => {
    const random = new SeededRandom(20261130 + part);
    for (let round = 0; round < 1000; round++) {
      const graph = randomGraph(random);
      const trace = simulate(graph);
      const faults = faultsOf(graph, trace);
      if (faults.length > 0)
        throw new Error(`${faults.join('\n')}\n${JSON.stringify({ round, graph, trace }, null, 1)}`);
    }
  });
});
