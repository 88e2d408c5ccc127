export type Outcome = 'holds' | 'fails' | 'skipped';

export interface Check {
  outcome: Outcome;
  /** The behaviour checked, worded to fit after both ✓ and ✗. */
  what: string;
  /** The observation, or why the check was skipped. */
  detail: string | null;
  /** How to fix a failed check. */
  remedy: string | null;
}

export interface PaceReport {
  pace: string;
  checks: Check[];
}

/** Collects all checks and reports each one at once. */
export class Report {
  readonly paces: PaceReport[] = [];

  constructor(private readonly tell: { pace(name: string): void; check(check: Check): void }) {}

  begin(pace: string): void {
    this.paces.push({ pace, checks: [] });
    this.tell.pace(pace);
  }

  holds(what: string, detail: string | null = null): void {
    this.add({ outcome: 'holds', what, detail, remedy: null });
  }

  fails(what: string, detail: string, remedy: string): void {
    this.add({ outcome: 'fails', what, detail, remedy });
  }

  skipped(what: string, detail: string): void {
    this.add({ outcome: 'skipped', what, detail, remedy: null });
  }

  /** True if no check failed and at least one passed. */
  get allHolds(): boolean {
    const outcomes = this.paces.flatMap(({ checks }) => checks.map(({ outcome }) => outcome));
    return outcomes.includes('holds') && !outcomes.includes('fails');
  }

  private add(check: Check): void {
    this.paces.at(-1)!.checks.push(check);
    this.tell.check(check);
  }
}
