import { RE2JS, RE2JSException } from 're2js';
import { expandedSize } from './pattern-size';

/** In UTF-8. */
export const MAX_PATTERN_BYTES = 1024;
/** The longest value, in UTF-8, that a pattern is matched against. For a list: all its values together. */
export const MAX_MATCHED_BYTES = 4 * 1024;
/** Limits the time of compiling a pattern. `[a-z]{1,1000}` has 2,001. */
const MAX_INSTRUCTIONS = 2_100;
/**
 * The steps of a check, which match the values of one request or one setting: 10 to 60 ms. Patterns that people
 * write take a few steps per character at first, and none where a part of the value repeats.
 */
export const MAX_MATCH_STEPS = 100_000;
/** Each state of a match has a table with an entry per class of characters. This many entries cost one step. */
const ENTRIES_PER_STEP = 64;

/** The steps that are left to a check. */
export interface StepBudget {
  steps: number;
}

export function stepBudget(): StepBudget {
  return { steps: MAX_MATCH_STEPS };
}

/**
 * Returns why a pattern cannot be used, or null if it can. Patterns are RE2, which matches in linear time; a
 * backtracking engine does not guarantee that. RE2 therefore has no look-around and no back-references.
 */
export function whyNoPattern(pattern: string): string | null {
  if (Buffer.byteLength(pattern) > MAX_PATTERN_BYTES)
    return `must be at most ${MAX_PATTERN_BYTES} bytes long`;
  if (/^(?:[^\\]|\\[^k])*\\k/s.test(pattern)) return NO_BACK_REFERENCES;
  // Compiling 1 KiB of `a{1000}` takes a second.
  if (expandedSize(pattern) > 2 * MAX_INSTRUCTIONS)
    return `is too large: its repeats expand to more than the limit of ${MAX_INSTRUCTIONS} instructions`;
  try {
    const instructions = compile(pattern).programSize();
    if (instructions <= MAX_INSTRUCTIONS) return null;
    return `is too large: it has ${instructions} instructions after its repeats are expanded, more than the limit of ${MAX_INSTRUCTIONS}`;
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    return reasonOf(error);
  }
}

/**
 * Returns a function that returns true if the pattern matches the whole value, and null if the steps do not suffice to
 * find out. Callers check the pattern with `whyNoPattern` and limit the length of the values.
 */
export function matcher(pattern: string, budget: StepBudget): (value: string) => boolean | null {
  const compiled = compile(pattern);
  limitSteps(compiled, budget);
  return (value) => {
    try {
      return compiled.matches(value);
    } catch (error) {
      if (error instanceof OutOfSteps) return null;
      throw error;
    }
  };
}

class OutOfSteps extends Error {}

/**
 * Linear time can still be long: half a second if hundreds of instructions are active at each of 4,096 characters. RE2
 * matches by an automaton whose states are made as the value needs them, and reuses a state at no cost. So the steps are
 * counted where a state is made: one for each instruction that is active in it.
 */
function limitSteps(compiled: RE2JS, budget: StepBudget): void {
  const { dfa } = compiled.re2();
  const closure = dfa.closure.bind(dfa);
  dfa.closure = (...given) => {
    if (budget.steps <= 0) throw new OutOfSteps();
    const state = closure(...given);
    budget.steps -= state.pcs.length + Math.ceil(dfa.numClasses / ENTRIES_PER_STEP);
    return state;
  };
  // The steps limit the memory too. Without memory for a state, RE2 would go on with a slower engine, uncounted.
  dfa.memBudget = dfa.stateBudget = Infinity;
}

const NO_BACK_REFERENCES = 'uses a back-reference, which is not supported (patterns are RE2)';

/** Also accepts JavaScript syntax: `\u0041`, `(?<name>…)`. */
function compile(pattern: string): RE2JS {
  return RE2JS.compile(RE2JS.translateRegExp(pattern));
}

function reasonOf({ message }: Error): string {
  const [, what = message] = /error parsing regexp: (.*)/s.exec(message) ?? [];
  if (/`\(\?<?[=!]/.test(what)) return 'uses look-around, which is not supported (patterns are RE2)';
  if (/`\\[1-9]/.test(what)) return NO_BACK_REFERENCES;
  return `is not a regular expression: ${what}`;
}
