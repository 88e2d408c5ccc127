import { Logger } from '@nestjs/common';
import type { Attempt, StopCause } from './attempt';
import { SlotLimiter } from './slot-limiter';

/** An attempt that lasts until the test ends it. */
class Lasting implements Attempt {
  readonly attempt = 1;
  begun = false;
  readonly causes: StopCause[] = [];
  checks = 0;
  end: () => void = () => undefined;

  constructor(
    readonly runId: string,
    readonly projectId = runId,
  ) {}

  carryOut(): Promise<void> {
    this.begun = true;
    return new Promise((resolve) => (this.end = resolve));
  }

  stop(cause: StopCause): void {
    this.causes.push(cause);
  }

  checkStop(): void {
    this.checks++;
  }
}

const turn = () => new Promise((next) => setImmediate(next));

describe('SlotLimiter', () => {
  beforeAll(() => Logger.overrideLogger(false));
  const never = new AbortController().signal;

  it('limits concurrent attempts, and frees a slot when an attempt ends', async () => {
    const counts: number[] = [];
    const slots = new SlotLimiter(2, (taken) => counts.push(taken));
    const attempts = [new Lasting('a'), new Lasting('b')];
    for (const attempt of attempts) expect(await slots.take(attempt.runId, async () => attempt)).toBe(true);
    expect(slots.free).toBe(0);
    let isFree = false;
    const waiting = slots.untilFree(never).then(() => (isFree = true));
    await turn();
    expect(isFree).toBe(false);
    attempts[0]!.end();
    await waiting;
    expect(slots.free).toBe(1);
    attempts[1]!.end();
    await slots.allFree();
    expect(counts).toEqual([1, 2, 1, 0]);
  });

  it('stops waiting for a free slot when the worker stops', async () => {
    const slots = new SlotLimiter(1);
    await slots.take('a', async () => new Lasting('a'));
    const stopping = new AbortController();
    const waiting = slots.untilFree(stopping.signal);
    stopping.abort();
    await waiting;
    expect(slots.free).toBe(0);
  });

  it('frees the slot if there is no attempt or the claim fails', async () => {
    const slots = new SlotLimiter(1);
    expect(await slots.take('a', async () => null)).toBe(false);
    await expect(slots.take('a', () => Promise.reject(new Error('away')))).rejects.toThrow('away');
    await slots.allFree();
    expect(slots.free).toBe(1);
  });

  it('passes on the stops that came before the claim completed, in their order', async () => {
    const slots = new SlotLimiter(1);
    const attempt = new Lasting('a');
    let decide: (attempt: Attempt) => void = () => undefined;
    const taken = slots.take('a', () => new Promise((resolve) => (decide = resolve)));
    slots.stop('a', 'stop-requested');
    slots.stopAll('shutting-down');
    slots.checkStop('a');
    decide(attempt);
    await taken;
    expect(attempt.causes).toEqual(['stop-requested', 'shutting-down']);
    expect(attempt.checks).toBe(1);
    slots.checkStop('a');
    slots.checkStop('unknown');
    expect(attempt.checks).toBe(2);
  });

  it('identifies a slot by the claimed run, even if another run was requested', async () => {
    const slots = new SlotLimiter(1);
    const attempt = new Lasting('newer');
    await slots.take('asked', async () => attempt);
    slots.stop('newer', 'stop-requested');
    slots.stop('asked', 'lost');
    expect(attempt.causes).toEqual(['stop-requested']);
  });

  it('serializes two runs of the same project', async () => {
    const slots = new SlotLimiter(2);
    const [lost, next] = [new Lasting('a', 'project'), new Lasting('b', 'project')];
    await slots.take('a', async () => lost);
    await slots.take('b', async () => next);
    await turn();
    expect([lost.begun, next.begun]).toEqual([true, false]);
    lost.end();
    await turn();
    expect(next.begun).toBe(true);
  });
});
