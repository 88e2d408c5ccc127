import type { Blow, OutageKind } from './plan';

interface Interval {
  fromMs: number;
  /** Infinity while it goes on. */
  toMs: number;
}

/** What the test is doing: the trouble of a phase decides which answers are measured together. */
export type Phase = 'rest' | 'kills and pauses' | OutageKind;

/** When each trouble happened, by the clock of the test itself. */
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

  /** @returns what to call when the blow is over */
  beginBlow(blow: Pick<Blow, 'victim' | 'deed'>): () => void {
    const { victim, deed } = blow;
    return begin(this.blows, { victim, deed });
  }

  /** @returns what to call when the outage is over */
  beginOutage(): () => void {
    return begin(this.outages, {});
  }

  get isOutageNow(): boolean {
    return this.outages.some(({ toMs }) => toMs === Number.POSITIVE_INFINITY);
  }

  /** Whether the server or a worker was killed, paused or stopped at a time in this interval. */
  wasProcessStruck(fromMs: number, toMs: number): boolean {
    return this.blows.some((blow) => blow.victim !== 'redis' && overlaps(blow, fromMs, toMs));
  }

  /** Whether there was an outage at a time in this interval. */
  wasOutage(fromMs: number, toMs: number): boolean {
    return this.outages.some((outage) => overlaps(outage, fromMs, toMs));
  }

  /** Whether the server was killed, paused or stopped at a time in this interval. */
  wasServerStruck(fromMs: number, toMs: number): boolean {
    return this.blows.some((blow) => blow.victim === 'server' && overlaps(blow, fromMs, toMs));
  }

  /** The end of the last trouble of any kind that reaches into the interval; null where there was none. */
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
