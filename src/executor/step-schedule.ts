import type { PlannedStep } from '../projects/step-graph';

export type StepOutcome = 'completed' | 'failed' | 'skipped' | 'cancelled';

/**
 * - `retrying`: waits for its next attempt without a slot.
 * - `due`: its next attempt waits for a slot.
 */
type State = 'pending' | 'running' | 'retrying' | 'due' | StepOutcome;

interface Entry extends PlannedStep {
  state: State;
}

const OUTCOMES: readonly State[] = ['completed', 'failed', 'skipped', 'cancelled'] satisfies StepOutcome[];

/** Decides which steps of a run start, and which never do. Pure state: it knows no processes, events or times. */
export class StepSchedule {
  private readonly entries: Map<string, Entry>;
  private hasFailed = false;
  private isStopped = false;
  private isAbandoned = false;

  /** @param parallel how many steps may run at once */
  constructor(
    plan: PlannedStep[],
    private readonly parallel: number,
  ) {
    this.entries = new Map(plan.map((step) => [step.name, { ...step, state: 'pending' }]));
  }

  /** Returns true if no step runs, and none will. */
  get isDone(): boolean {
    return [...this.entries.values()].every(hasEnded);
  }

  /** Returns the steps that start now, which count as running, and the steps that will never start. */
  next(): { start: string[]; skipped: string[] } {
    const skipped = this.skip();
    const start: string[] = [];
    let slots = this.parallel - this.count('running');
    for (const entry of this.entries.values()) {
      if (slots <= 0) break;
      if (entry.state !== 'due' && !(entry.state === 'pending' && this.decision(entry) === 'start')) continue;
      entry.state = 'running';
      start.push(entry.name);
      slots--;
    }
    return { start, skipped };
  }

  ended(name: string, outcome: StepOutcome): void {
    const entry = this.entry(name);
    entry.state = outcome;
    this.hasFailed ||= isFailure(entry);
  }

  /** A failed step that will have another attempt frees its slot. */
  retries(name: string): void {
    this.entry(name).state = 'retrying';
  }

  /** The time of the next attempt has come. */
  isDue(name: string): void {
    const entry = this.entry(name);
    if (entry.state === 'retrying') entry.state = 'due';
  }

  /**
   * Only steps with `when: always` start from now on.
   * @returns the steps that have no further attempt because of it
   */
  stop(): string[] {
    this.isStopped = true;
    return this.endRetries(({ when }) => when !== 'always');
  }

  /** No step starts from now on. @returns the steps that have no further attempt because of it */
  abandon(): string[] {
    this.isStopped = true;
    this.isAbandoned = true;
    return this.endRetries(() => true);
  }

  /** Returns how many steps, besides this one, could run at the same time and do not run yet. */
  possiblePeers(name: string): number {
    const before = this.ancestorsOf(this.entry(name));
    const peers = [...this.entries.values()].filter(
      (other) =>
        other.name !== name &&
        ['pending', 'retrying', 'due'].includes(other.state) &&
        !before.has(other.name) &&
        !this.ancestorsOf(other).has(name),
    );
    return Math.min(peers.length, this.parallel - this.count('running'));
  }

  /** Skips all steps that can never start. A skipped step can be the reason to skip another one. */
  private skip(): string[] {
    const skipped: string[] = [];
    for (let before = -1; before < skipped.length;) {
      before = skipped.length;
      for (const entry of this.entries.values()) {
        if (entry.state !== 'pending' || this.decision(entry) !== 'skip') continue;
        entry.state = 'skipped';
        skipped.push(entry.name);
      }
    }
    return skipped;
  }

  private decision(entry: Entry): 'start' | 'skip' | 'wait' {
    const needs = entry.after.map((name) => this.entry(name));
    // A skipped step has ended although a step that it waits for may still run.
    const areOver =
      needs.every(hasEnded) &&
      (entry.when === 'success' || [...this.ancestorsOf(entry)].every((name) => hasEnded(this.entry(name))));
    switch (entry.when) {
      case 'success':
        if (this.isStopped || this.hasFailed || needs.some((need) => hasEnded(need) && !isSatisfied(need)))
          return 'skip';
        return areOver ? 'start' : 'wait';
      case 'failure':
        if (this.isStopped) return 'skip';
        if (!areOver) return 'wait';
        return [...this.ancestorsOf(entry)].some((name) => isFailure(this.entry(name))) ? 'start' : 'skip';
      case 'always':
        if (this.isAbandoned) return 'skip';
        return areOver ? 'start' : 'wait';
    }
  }

  private ancestorsOf({ after }: Entry): Set<string> {
    const ancestors = new Set(after);
    for (const name of ancestors) for (const need of this.entry(name).after) ancestors.add(need);
    return ancestors;
  }

  private endRetries(of: (entry: Entry) => boolean): string[] {
    const retrying = [...this.entries.values()].filter(
      (entry) => (entry.state === 'retrying' || entry.state === 'due') && of(entry),
    );
    for (const entry of retrying) entry.state = 'cancelled';
    return retrying.map(({ name }) => name);
  }

  private count(state: State): number {
    let count = 0;
    for (const entry of this.entries.values()) if (entry.state === state) count++;
    return count;
  }

  private entry(name: string): Entry {
    return this.entries.get(name)!;
  }
}

function hasEnded({ state }: Entry): boolean {
  return OUTCOMES.includes(state);
}

function isFailure({ state, continueOnError }: Entry): boolean {
  return state === 'failed' && !continueOnError;
}

function isSatisfied({ state, continueOnError }: Entry): boolean {
  return state === 'completed' || (state === 'failed' && continueOnError);
}
