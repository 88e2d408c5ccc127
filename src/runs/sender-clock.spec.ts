import { toInstant } from '../clock/clock';
import type { SenderClock } from './run';
import { clockAfter, clockSkewMs, timeOf, unheardSince } from './sender-clock';

const STARTED = '2026-03-01T10:00:00.300Z';
const STARTED_MS = Date.parse(STARTED);
/** Returns the server time `ms` milliseconds after the start. */
const at = (ms: number) => toInstant(STARTED_MS + ms);
const seconds = (ms: number) => at(ms).replace(/\.\d{3}Z/, '.000Z');

/** A run whose worker's clock is off by `offMs`; its events take `latencyMs` to arrive. */
class Heard {
  private senderClock: SenderClock = unheardSince(STARTED);

  constructor(
    private readonly offMs: number,
    private readonly inWholeSeconds = false,
  ) {}

  get skewMs(): number | null {
    return clockSkewMs({ senderClock: this.senderClock });
  }

  /** @returns the time assigned to an event, in ms after the start */
  hear(happenedMs: number, { latencyMs = 5, floorMs = 0 } = {}): number {
    const said = this.inWholeSeconds ? seconds(happenedMs + this.offMs) : at(happenedMs + this.offMs);
    const now = at(happenedMs + latencyMs);
    const run = { startedAt: STARTED, senderClock: this.senderClock };
    this.senderClock = clockAfter(run, said, now);
    return Date.parse(timeOf({ ...run, senderClock: this.senderClock }, said, now, at(floorMs))) - STARTED_MS;
  }
}

describe('event time', () => {
  it('is the reported time if the clocks agree, even if the event arrives late', () => {
    const worker = new Heard(0);
    expect([worker.hear(10), worker.hear(500, { latencyMs: 60_000 })]).toEqual([10, 500]);
    expect(worker.skewMs).toBeNull();
  });

  it.each([-7_200_000, -40_000, -6000, 6000, 40_000, 7_200_000])(
    'is accurate to the arrival delay if the sender clock is off by %d ms',
    (offMs) => {
      const worker = new Heard(offMs);
      expect(worker.hear(20)).toBe(25);
      expect(worker.hear(3000, { latencyMs: 800 })).toBe(3005);
      expect(worker.hear(90_000, { latencyMs: 2 })).toBe(90_002);
      expect(Math.abs(worker.skewMs! - offMs)).toBeLessThanOrEqual(5);
    },
  );

  it('is the arrival time if the reported time is later', () => {
    const worker = new Heard(40_000);
    expect(worker.hear(60_000)).toBe(60_005);
  });

  it('is never before the given minimum', () => {
    const worker = new Heard(0);
    expect(worker.hear(1000, { floorMs: 1500, latencyMs: 700 })).toBe(1700);
  });

  it('falls back to the arrival time if a clock is changed during the attempt', () => {
    const behind = new Heard(-40_000);
    behind.hear(10);
    const run = { startedAt: STARTED, senderClock: { notBefore: STARTED, lagMs: -7_200_000, isOff: true } };
    const now = at(5000);
    const senderClock = clockAfter(run, at(4990), now);
    expect(timeOf({ ...run, senderClock }, at(4990), now)).toBe(now);
    expect(clockSkewMs({ senderClock })).toBe(-10);
  });

  it('is not before the run start if the server clock was set back', () => {
    const run = { startedAt: STARTED, senderClock: unheardSince(STARTED) };
    expect(timeOf(run, at(-7_200_000), at(-7_200_000))).toBe(STARTED);
  });

  it('is not before the claim', () => {
    const claimed = { startedAt: STARTED, senderClock: unheardSince(at(60_000)) };
    const senderClock = clockAfter(claimed, at(30_000), at(60_100));
    expect(timeOf({ ...claimed, senderClock }, at(30_000), at(60_100))).toBe(at(60_100));
    expect(clockSkewMs({ senderClock })).toBe(-30_100);
  });

  it('is the reported time for runs without a recorded clock', () => {
    const run = { startedAt: STARTED, senderClock: null };
    expect(timeOf(run, at(10), at(20))).toBe(at(10));
    expect(clockSkewMs(run)).toBeNull();
  });

  describe('without fractions', () => {
    it('stays within its second, and not before the start', () => {
      const worker = new Heard(0, true);
      expect(worker.hear(100)).toBe(105);
      expect(worker.hear(400, { floorMs: 105, latencyMs: 60_000 })).toBe(699);
      expect(worker.hear(5_000, { floorMs: 699 })).toBe(4_700);
      expect(worker.skewMs).toBeNull();
    });

    it('is corrected if the clock is off', () => {
      const worker = new Heard(-40_000, true);
      expect(worker.hear(100)).toBe(105);
      const end = worker.hear(30_000, { floorMs: 105 });
      expect(end).toBeGreaterThan(29_000);
      expect(end).toBeLessThanOrEqual(30_005);
    });
  });
});
