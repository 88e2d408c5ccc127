import { Logger } from '@nestjs/common';
import { Clock } from '../clock/clock';
import type { RunEvent } from '../events/run-event';
import type { RejectedEvent } from './control-plane';
import { EventReporter } from './event-reporter';

const RUN_ID = '019ca9d6-8580-7000-8000-000000000001';
const MANY = 1000;

describe('EventReporter', () => {
  let told: RunEvent[];
  let tell: (events: RunEvent[]) => Promise<RejectedEvent[]>;
  let reporter: EventReporter;
  beforeEach(() => {
    jest.useFakeTimers();
    told = [];
    tell = async (events) => {
      told.push(...events);
      return [];
    };
    reporter = new EventReporter(RUN_ID, (events) => tell(events), new Clock(), new Logger());
    Logger.overrideLogger(false);
  });
  afterEach(() => jest.useRealTimers());

  it('retries the same events in the same order until the server accepts them', async () => {
    const tries: string[][] = [];
    tell = async (events) => {
      tries.push(events.map(({ eventId }) => eventId));
      if (tries.length < 3) throw new Error('away');
      told.push(...events);
      return [];
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

  it('merges progress during an outage to limit memory, and loses no usage', async () => {
    let isAway = true;
    tell = async (events) => {
      if (isAway) throw new Error('away');
      told.push(...events);
      return [];
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

  it('limits the number of metrics and artifacts it keeps during an outage', async () => {
    let isAway = true;
    tell = async (events) => {
      if (isAway) throw new Error('away');
      told.push(...events);
      return [];
    };
    for (let n = 0; n < 300; n++) reporter.report('run.progress', { attempt: 1, step: `s${n}` });
    for (let n = 0; n < 60_000; n += 100) {
      const metrics = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`m${n + index}`, n]));
      reporter.reportProgress({ attempt: 1, metrics, artifacts: [{ name: 'same', size: n }] });
    }
    isAway = false;
    const published = reporter.published();
    await jest.advanceTimersByTimeAsync(10_000);
    await published;
    const payloads = told.map(({ payload }) => payload as { artifacts?: object[]; metrics?: object });
    expect(Math.max(...payloads.map(({ metrics = {} }) => Object.keys(metrics).length))).toBe(200);
    const names = Object.keys(Object.assign({}, ...payloads.map(({ metrics }) => metrics)));
    expect(names).toEqual(Array.from({ length: 500 }, (_, n) => `m${n}`));
    expect(payloads.flatMap(({ artifacts = [] }) => artifacts)).toEqual([{ name: 'same', size: 59_900 }]);
  });

  it('sends nothing after it gives up a lost run', async () => {
    tell = () => Promise.reject(new Error('away'));
    reporter.report('run.started', { workerId: 'w', attempt: 1 });
    reporter.reportProgress({ attempt: 1, current: 1 });
    await jest.advanceTimersByTimeAsync(100);
    tell = async (events) => {
      told.push(...events);
      return [];
    };
    reporter.giveUp();
    reporter.report('run.completed', { attempt: 1 });
    const published = reporter.published();
    await jest.advanceTimersByTimeAsync(10_000);
    await published;
    expect(told).toEqual([]);
  });

  it('still reports the quota usage of a lost run, exactly once', async () => {
    const tries: RunEvent[][] = [];
    tell = async (events) => {
      tries.push(events);
      throw new Error('away');
    };
    reporter.reportProgress({ attempt: 1, current: 1, quotaUsed: 1 });
    reporter.report('run.progress', { attempt: 1, step: 'next' });
    await jest.advanceTimersByTimeAsync(1500);
    reporter.reportProgress({ attempt: 1, message: 'on', quotaUsed: 2 });
    await jest.advanceTimersByTimeAsync(300);
    reporter.reportProgress({ attempt: 1, quotaUsed: 4 });
    reporter.giveUp();
    reporter.giveUp();
    reporter.reportProgress({ attempt: 1, message: 'still', quotaUsed: 8 });
    reporter.report('run.completed', { attempt: 1 });
    tell = async (events) => {
      told.push(...events);
      return [];
    };
    const published = reporter.published();
    await jest.advanceTimersByTimeAsync(10_000);
    await published;
    const calls = told.map(({ payload }) => payload as { quotaUsed: number });
    expect(calls.reduce((sum, { quotaUsed }) => sum + quotaUsed, 0)).toBe(15);
    expect(new Set(calls.map((payload) => Object.keys(payload).join()))).toEqual(
      new Set(['attempt,quotaUsed']),
    );
    // An event that may have been accepted before keeps its id.
    expect(told[0]!.eventId).toBe(tries[0]![0]!.eventId);
  });

  it('splits progress into several events to stay within the event limits', async () => {
    for (let n = 0; n < 2500; n++)
      reporter.reportProgress({ attempt: 1, artifacts: [{ name: `a${n}`, size: 1 }] });
    for (let n = 0; n < 500; n++) reporter.reportProgress({ attempt: 1, metrics: { [`m${n}`]: n } });
    await reporter.published();
    const payloads = told.map(({ payload }) => payload as { artifacts?: object[]; metrics?: object });
    expect(Math.max(...payloads.map(({ artifacts = [] }) => artifacts.length))).toBe(1000);
    expect(Math.max(...payloads.map(({ metrics = {} }) => Object.keys(metrics).length))).toBe(200);
    expect(payloads.flatMap(({ artifacts = [] }) => artifacts)).toHaveLength(2500);
    expect(Object.keys(Object.assign({}, ...payloads.map(({ metrics }) => metrics)))).toHaveLength(500);
  });

  it('records the first rejected event, ignoring rejections for a lost lease', async () => {
    tell = async (events) =>
      events.map((event) => ({
        event,
        reason: event.eventType === 'run.started' ? 'LEASE_LOST' : `no ${event.eventType}`,
      }));
    const started = reporter.report('run.started', { workerId: 'w', attempt: 1 });
    const ended = reporter.report('run.completed', { attempt: 1 });
    await reporter.published();
    expect(reporter.firstRejected).toEqual({ event: ended, reason: 'no run.completed' });
    expect([started, ended].map((event) => reporter.isRejected(event))).toEqual([false, true]);
  });
});
