import type { Blow, OutageKind } from './plan';

interface Interval {
  fromMs: number;
  /** Infinity while it lasts. */
  toMs: number;
}

/** The current activity of the test; response times are grouped by it. */
export type Phase = 'rest' | 'kills and pauses' | OutageKind;

/** Records when each fault happened, by the clock of the test process. */
export class Chronicle {
  private readonly phases: { atMs: number; phase: Phase }[] = [];
  private readonly blows: (Interval & Pick<Blow, 'victim' | 'deed'>)[] = [];
  private readonly outages: Interval[] = [];

  begin(phase: Phase): void {
    this.phases.push({ atMs: Date.now(), phase });
  }

  phaseAt(ms: number): Phase {
    return this.phases.findLast(({ atMs }) => atMs <= ms)?.phase ?? 'rest';
  }

  /** @returns the function to call at the end of the fault */
  beginBlow(blow: Pick<Blow, 'victim' | 'deed'>): () => void {
    const { victim, deed } = blow;
    return begin(this.blows, { victim, deed });
  }

  /** @returns the function to call at the end of the outage */
  beginOutage(): () => void {
    return begin(this.outages, {});
  }

  get isOutageNow(): boolean {
    return this.outages.some(({ toMs }) => toMs === Number.POSITIVE_INFINITY);
  }

  /** Returns true if the server or a worker was killed, paused or stopped during this interval. */
  wasProcessStruck(fromMs: number, toMs: number): boolean {
    return this.blows.some((blow) => blow.victim !== 'redis' && overlaps(blow, fromMs, toMs));
  }

  /** Returns true if there was an outage during this interval. */
  wasOutage(fromMs: number, toMs: number): boolean {
    return this.outages.some((outage) => overlaps(outage, fromMs, toMs));
  }

  /** Returns true if the server was killed, paused or stopped during this interval. */
  wasServerStruck(fromMs: number, toMs: number): boolean {
    return this.blows.some((blow) => blow.victim === 'server' && overlaps(blow, fromMs, toMs));
  }

  /** Returns the end of the last fault or outage that overlaps the interval; null if there was none. */
  lastTroubleIn(fromMs: number, toMs: number): number | null {
    const ends = [...this.blows, ...this.outages]
      .filter((trouble) => overlaps(trouble, fromMs, toMs))
      .map((trouble) => trouble.toMs);
    return ends.length === 0 ? null : Math.max(...ends);
  }
}

function begin<More extends object>(list: (Interval & More)[], more: More): () => void {
  const entry = { ...more, fromMs: Date.now(), toMs: Number.POSITIVE_INFINITY };
  list.push(entry);
  return () => (entry.toMs = Date.now());
}

function overlaps(interval: Interval, fromMs: number, toMs: number): boolean {
  return interval.fromMs <= toMs && interval.toMs >= fromMs;
}
