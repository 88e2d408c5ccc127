import { TrustedTime } from './trusted-time';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const T = Date.parse('2026-06-01T00:00:00Z');
const YEAR = 365 * DAY;

describe('TrustedTime', () => {
  it('follows a clock that is not set', () => {
    const time = new TrustedTime(T - HOUR, T, 500);
    for (let hours = 0; hours < 100; hours++) {
      expect(time.observe(T + hours * HOUR, 500 + hours * HOUR)).toBe(T + hours * HOUR);
    }
  });

  it('believes a clock that was set forward only after a day', () => {
    const time = new TrustedTime(T, T, 0);
    expect(time.observe(T + HOUR, HOUR)).toBe(T + HOUR);
    expect(time.observe(T + 2 * HOUR + YEAR, 2 * HOUR)).toBe(T + 2 * HOUR);
    expect(time.isAhead(T + 2 * HOUR + YEAR, 2 * HOUR)).toBe(true);
    expect(time.observe(T + 20 * HOUR + YEAR, 20 * HOUR)).toBe(T + 20 * HOUR);
    expect(time.observe(T + 27 * HOUR + YEAR, 27 * HOUR)).toBe(T + 27 * HOUR + YEAR);
    expect(time.isAhead(T + 27 * HOUR + YEAR, 27 * HOUR)).toBe(false);
  });

  it('follows a clock that is set back at once', () => {
    const time = new TrustedTime(T, T, 0);
    expect(time.observe(T - DAY, HOUR)).toBe(T - DAY);
    expect(time.observe(T - DAY + HOUR, 2 * HOUR)).toBe(T - DAY + HOUR);
  });

  it('forgets a jump that was undone', () => {
    const time = new TrustedTime(T, T, 0);
    time.observe(T + YEAR, HOUR);
    expect(time.observe(T + 2 * HOUR, 2 * HOUR)).toBe(T + 2 * HOUR);
    expect(time.observe(T + 30 * HOUR, 30 * HOUR)).toBe(T + 30 * HOUR);
  });

  it('believes a machine that was off for two days', () => {
    expect(new TrustedTime(T - 2 * DAY, T, 7).observe(T, 7)).toBe(T);
  });

  it('does not believe a start ten years later, until the clock has stayed so for a day', () => {
    const time = new TrustedTime(T, T + 10 * YEAR, 0);
    expect(time.observe(T + 10 * YEAR + HOUR, HOUR)).toBe(T + HOUR);
    expect(time.observe(T + 10 * YEAR + 25 * HOUR, 25 * HOUR)).toBe(T + 10 * YEAR + 25 * HOUR);
  });

  it('does not creep forward by restarts with a wrong clock', () => {
    let trusted = T;
    for (let starts = 0; starts < 50; starts++) {
      const time = new TrustedTime(trusted, T + YEAR, 0);
      trusted = time.observe(T + YEAR + HOUR, HOUR);
    }
    expect(trusted).toBe(T + 50 * HOUR);
  });

  it('believes a clock after a day of running in several processes, such as those of a machine that is off at night', () => {
    let [trusted, wall, aheadFor] = [T, T + 10 * DAY, 0];
    for (let day = 0; day < 2; day++) {
      const time = new TrustedTime(trusted, wall, 0, aheadFor);
      trusted = time.observe(wall + 9 * HOUR, 9 * HOUR);
      aheadFor = time.aheadForMs(wall + 9 * HOUR, 9 * HOUR);
      wall += DAY;
    }
    expect([trusted, aheadFor]).toEqual([T + 18 * HOUR, 18 * HOUR]);
    const time = new TrustedTime(trusted, wall, 0, aheadFor);
    expect(time.observe(wall + 5 * HOUR, 5 * HOUR)).toBe(T + 23 * HOUR);
    expect(time.observe(wall + 7 * HOUR, 7 * HOUR)).toBe(wall + 7 * HOUR);
    expect(time.aheadForMs(wall + 7 * HOUR, 7 * HOUR)).toBe(0);
  });

  it('counts from the moment in which a running clock was set forward', () => {
    const time = new TrustedTime(T, T, 0);
    time.observe(T + 20 * HOUR + 1, 20 * HOUR);
    const minutes = (count: number) => (count * HOUR) / 60;
    expect(time.aheadForMs(T + YEAR + 20 * HOUR + minutes(10), 20 * HOUR + minutes(10))).toBe(minutes(10));
    expect(time.aheadForMs(T + YEAR + 22 * HOUR, 22 * HOUR)).toBe(2 * HOUR);
  });

  it('predicts the time that it will trust', () => {
    const time = new TrustedTime(T, T + YEAR, 0);
    const [wall, monotonic] = [T + YEAR + 23 * HOUR, 23 * HOUR];
    expect(time.predict(wall, monotonic, HOUR / 2)).toBe(T + 23.5 * HOUR);
    expect(time.predict(wall, monotonic, 2 * HOUR)).toBe(T + YEAR + 25 * HOUR);
    expect(time.observe(wall + 2 * HOUR, monotonic + 2 * HOUR)).toBe(T + YEAR + 25 * HOUR);
  });

  it('follows a clock that was behind at the start, after a day', () => {
    const time = new TrustedTime(T, 0, 0);
    expect(time.observe(T, HOUR)).toBe(HOUR);
    expect(time.observe(T + 25 * HOUR, 26 * HOUR)).toBe(T + 25 * HOUR);
  });

  it('keeps few samples, however often it is asked', () => {
    const time = new TrustedTime(T, T, 0);
    for (let n = 0; n < 10_000; n++) time.observe(T + n * 1000 + n, n * 1000);
    expect((time as unknown as { samples: unknown[] }).samples.length).toBeLessThan(200);
  });
});
