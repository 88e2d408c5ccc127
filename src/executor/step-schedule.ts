import type { PlannedStep } from '../projects/step-graph';

export type StepOutcome = 'completed' | 'failed' | 'skipped' | 'cancelled';

/**
 * - `retrying`: waits for its next attempt without a slot.
 * - `due`: its next attempt waits for a slot.
 */
type State = 'pending' | 'running' | 'retrying' | 'due' | StepOutcome;

interface Entry extends PlannedStep {
  state: State;
  /** A step that had not ended when this one was last looked at. */
  waitsFor: Entry | null;
}

const OUTCOMES: readonly State[] = ['completed', 'failed', 'skipped', 'cancelled'] satisfies StepOutcome[];

/** Decides which steps of a run start, and which never do. Pure state: it knows no processes, events or times. */
export class StepSchedule {
  private readonly entries: Map<string, Entry>;
  private readonly ancestors = new Map<string, Set<string>>();
  private readonly dependents = new Map<string, string[]>();
  private hasFailed = false;
  private isStopped = false;
  private isAbandoned = false;

  /** @param parallel how many steps may run at once */
  constructor(
    plan: PlannedStep[],
    private readonly parallel: number,
  ) {
    // The spread is last: V8 takes microseconds for each new member after one.
    this.entries = new Map(plan.map((step) => [step.name, { state: 'pending', waitsFor: null, ...step }]));
    for (const { name, after } of plan)
      for (const need of after) this.dependents.set(need, [...(this.dependents.get(need) ?? []), name]);
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
    const after = this.dependentsOf(name);
    const peers = [...this.entries.values()].filter(
      (other) =>
        other.name !== name &&
        ['pending', 'retrying', 'due'].includes(other.state) &&
        !before.has(other.name) &&
        !after.has(other.name),
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
    if (entry.when === 'success') return this.ordinaryDecision(entry);
    if (entry.when === 'always' ? this.isAbandoned : this.isStopped) return 'skip';
    if (!this.isAllBeforeOver(entry)) return 'wait';
    if (entry.when === 'always') return 'start';
    return [...this.ancestorsOf(entry)].some((name) => isFailure(this.entry(name))) ? 'start' : 'skip';
  }

  private ordinaryDecision({ after }: Entry): 'start' | 'skip' | 'wait' {
    if (this.isStopped || this.hasFailed) return 'skip';
    let isWaiting = false;
    for (const name of after) {
      const need = this.entry(name);
      if (!hasEnded(need)) isWaiting = true;
      else if (!isSatisfied(need)) return 'skip';
    }
    return isWaiting ? 'wait' : 'start';
  }

  /** A skipped step has ended although a step that it waits for may still run, so all steps before count. */
  private isAllBeforeOver(entry: Entry): boolean {
    if (entry.waitsFor !== null && !hasEnded(entry.waitsFor)) return false;
    for (const name of this.ancestorsOf(entry)) {
      const before = this.entry(name);
      if (hasEnded(before)) continue;
      entry.waitsFor = before;
      return false;
    }
    return true;
  }

  private ancestorsOf({ name, after }: Entry): Set<string> {
    const known = this.ancestors.get(name);
    if (known !== undefined) return known;
    const ancestors = new Set(after);
    for (const each of ancestors) for (const need of this.entry(each).after) ancestors.add(need);
    // Only for steps that ask again and again; all of them would take a lot of memory.
    if (this.entry(name).when !== 'success') this.ancestors.set(name, ancestors);
    return ancestors;
  }

  private dependentsOf(name: string): Set<string> {
    const dependents = new Set(this.dependents.get(name));
    for (const each of dependents) for (const next of this.dependents.get(each) ?? []) dependents.add(next);
    return dependents;
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
