import { Logger } from '@nestjs/common';
import { Clock } from '../clock/clock';
import type { RunEvent } from '../events/run-event';
import { EventReporter } from './event-reporter';

const RUN_ID = '019ca9d6-8580-7000-8000-000000000001';
const MANY = 1000;

describe('what becomes of an attempt', () => {
  let told: RunEvent[];
  let tell: (events: RunEvent[]) => Promise<void>;
  let reporter: EventReporter;
  beforeEach(() => {
    jest.useFakeTimers();
    told = [];
    tell = async (events) => void told.push(...events);
    reporter = new EventReporter(RUN_ID, (events) => tell(events), new Clock(), new Logger());
    Logger.overrideLogger(false);
  });
  afterEach(() => jest.useRealTimers());

  it('is told again, the same events in the same order, until it is taken', async () => {
    const tries: string[][] = [];
    tell = async (events) => {
      tries.push(events.map(({ eventId }) => eventId));
      if (tries.length < 3) throw new Error('away');
      told.push(...events);
    };
    reporter.report('run.started', { workerId: 'w', attempt: 1 });
    reporter.report('run.completed', { attempt: 1 });
    const published = reporter.published();
    await jest.advanceTimersByTimeAsync(10_000);
    await published;
    expect(tries).toHaveLength(4);
    expect(new Set(tries.slice(0, 3).map(String)).size).toBe(1);
    expect(told.map(({ eventType }) => eventType)).toEqual(['run.started', 'run.completed']);
  });

  it('takes no more memory while it cannot be told, and its progress is not lost', async () => {
    let isAway = true;
    tell = async (events) => {
      if (isAway) throw new Error('away');
      told.push(...events);
    };
    for (let current = 1; current <= MANY; current++) {
      reporter.reportProgress({ attempt: 1, current, quotaUsed: 1 });
      await jest.advanceTimersByTimeAsync(500);
    }
    isAway = false;
    const published = reporter.published();
    await jest.advanceTimersByTimeAsync(10_000);
    await published;
    expect(told.length).toBeLessThan(150);
    const progress = told.map(({ payload }) => payload as { current: number; quotaUsed: number });
    expect(progress.at(-1)!.current).toBe(MANY);
    expect(progress.reduce((sum, { quotaUsed }) => sum + quotaUsed, 0)).toBe(MANY);
  });

  it('is not told any more once the run is somebody else’s', async () => {
    tell = () => Promise.reject(new Error('away'));
    reporter.report('run.started', { workerId: 'w', attempt: 1 });
    reporter.reportProgress({ attempt: 1, current: 1 });
    await jest.advanceTimersByTimeAsync(100);
    tell = async (events) => void told.push(...events);
    reporter.giveUp();
    reporter.report('run.completed', { attempt: 1 });
    const published = reporter.published();
    await jest.advanceTimersByTimeAsync(10_000);
    await published;
    expect(told).toEqual([]);
  });
});
