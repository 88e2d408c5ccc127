export type Outcome = 'holds' | 'fails' | 'skipped';

export interface Check {
  outcome: Outcome;
  /** What was looked at, in words that fit behind ✓ as well as ✗. */
  what: string;
  /** What was seen, or why it was not tried. */
  detail: string | null;
  /** How to mend it, where it fails. */
  mend: string | null;
}

export interface PaceReport {
  pace: string;
  checks: Check[];
}

/** Gathers what was found, and tells each finding as it comes. */
export class Report {
  readonly paces: PaceReport[] = [];

  constructor(private readonly tell: { pace(name: string): void; check(check: Check): void }) {}

  begin(pace: string): void {
    this.paces.push({ pace, checks: [] });
    this.tell.pace(pace);
  }

  holds(what: string, detail: string | null = null): void {
    this.add({ outcome: 'holds', what, detail, mend: null });
  }

  fails(what: string, detail: string, mend: string): void {
    this.add({ outcome: 'fails', what, detail, mend });
  }

  skipped(what: string, detail: string): void {
    this.add({ outcome: 'skipped', what, detail, mend: null });
  }

  /** Whether all that was tried holds, and something was. */
  get allHolds(): boolean {
    const outcomes = this.paces.flatMap(({ checks }) => checks.map(({ outcome }) => outcome));
    return outcomes.includes('holds') && !outcomes.includes('fails');
  }

  private add(check: Check): void {
    this.paces.at(-1)!.checks.push(check);
    this.tell.check(check);
  }
}
