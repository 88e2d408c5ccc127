import { Logger } from '@nestjs/common';
import type { LogLineInput } from '../events/run-event';
import { UnsentLogBudget } from './unsent-log-budget';
import { LogForwarder } from './log-forwarder';

const LINE = 'x'.repeat(100); // counts as 200 characters towards the bounds
const PATIENCE = { retry: 1, stalled: 60_000 };

/** A log store that can be unavailable. */
class Store {
  readonly numbered = new Map<number, LogLineInput>();
  isAway = false;
  tries = 0;
  private onTry: (() => void)[] = [];

  readonly append = async (lines: LogLineInput[], firstNumber: number) => {
    this.tries++;
    for (const resolve of this.onTry.splice(0)) resolve();
    if (this.isAway) throw new Error('away');
    lines.forEach((line, index) => this.numbered.set(firstNumber + index, { ...line }));
    return { accepting: true };
  };

  nextTry(): Promise<void> {
    return new Promise((resolve) => this.onTry.push(resolve));
  }

  get texts(): string[] {
    return [...this.numbered].sort(([a], [b]) => a - b).map(([, { text }]) => text);
  }
}

describe('LogForwarder', () => {
  beforeAll(() => Logger.overrideLogger(false));

  it('has no room when too many lines wait, even if they are empty', () => {
    const never = () => new Promise<never>(() => undefined);
    const forwarder = new LogForwarder(never, new Logger(), new UnsentLogBudget());
    expect(forwarder.waitForRoom()).toBeNull();
    forwarder.add(Array.from({ length: 100_000 }, () => ({ text: '' })));
    expect(forwarder.waitForRoom()).toBeInstanceOf(Promise);
    forwarder.giveUp();
  });

  it('has room again when the waiting lines are stored in order', async () => {
    const store = new Store();
    const forwarder = new LogForwarder(store.append, new Logger(), new UnsentLogBudget());
    const texts = Array.from({ length: 100_000 }, (_, index) => String(index));
    forwarder.add(texts.map((text) => ({ text })));
    await forwarder.waitForRoom();
    await forwarder.flushed();
    expect(store.texts).toEqual(texts);
    expect(forwarder.waitForRoom()).toBeNull();
  });

  it('drops lines after the log limit, and always has room for them', async () => {
    let appends = 0;
    const append = async () => ({ accepting: ++appends > 1 });
    const forwarder = new LogForwarder(append, new Logger(), new UnsentLogBudget());
    forwarder.add([{ text: 'a' }]);
    await forwarder.flushed();
    forwarder.add([{ text: 'b' }]);
    await forwarder.flushed();
    expect(appends).toBe(1);
    expect(forwarder.waitForRoom()).toBeNull();
  });

  it('marks refused lines with one message, and counts all of them', async () => {
    Logger.overrideLogger(false);
    const stored: string[] = [];
    const forwarder = new LogForwarder(
      async (lines) => {
        const [bad, good] = [
          lines.filter(({ text }) => text === 'bad'),
          lines.filter(({ text }) => text !== 'bad'),
        ];
        stored.push(...good.map(({ text }) => text));
        return { accepting: true, ...(bad.length > 0 && { refused: { lines: bad.length, reason: '413' } }) };
      },
      new Logger(),
      new UnsentLogBudget(),
    );
    for (const text of ['a', 'bad', 'bad', 'b', 'bad']) {
      forwarder.add([{ text }]);
      await forwarder.flushed();
    }
    expect(stored).toEqual(['a', 'Log lines are missing here: 413', 'b']);
    expect(forwarder.refusedLines).toBe(3);
  });

  it('keeps order and numbers of all lines during an outage within its budget', async () => {
    const store = new Store();
    const forwarder = new LogForwarder(store.append, new Logger(), new UnsentLogBudget(), PATIENCE);
    const texts = Array.from({ length: 500 }, (_, index) => `line ${index}`);
    store.isAway = true;
    for (const text of texts) {
      forwarder.add([{ text }]);
      if (store.tries < 5) await store.nextTry();
    }
    store.isAway = false;
    await forwarder.flushed();
    expect(store.texts).toEqual(texts);
    expect([...store.numbered.keys()].sort((a, b) => a - b)).toEqual(texts.map((_, index) => index + 1));
  });

  it('never blocks a step during an outage, and logs the number of dropped lines in their place', async () => {
    const store = new Store();
    const budget = new UnsentLogBudget({ perRun: 1000, inAll: 10_000 });
    const forwarder = new LogForwarder(store.append, new Logger(), budget, PATIENCE);
    store.isAway = true;
    forwarder.add([{ text: LINE }, { text: LINE }]);
    await store.nextTry();
    await store.nextTry();
    for (let n = 3; n <= 40; n++) {
      forwarder.add([{ text: LINE, step: 'work', at: '2026-03-01T10:00:00.000Z' }]);
      expect(forwarder.waitForRoom()).toBeNull();
    }
    store.isAway = false;
    await forwarder.flushed();
    forwarder.add([{ text: 'afterwards' }]);
    await forwarder.flushed();

    expect(store.texts.filter((text) => text === LINE)).toHaveLength(5);
    expect(store.texts.slice(5)).toEqual([expect.stringMatching(/^35 lines are missing here/), 'afterwards']);
    expect(store.numbered.get(6)).toMatchObject({
      stream: 'system',
      step: 'work',
      at: '2026-03-01T10:00:00.000Z',
    });
    // All memory is released, including that of the line about dropped lines.
    expect(budget.isUsedUp(999)).toBe(false);
    budget.take(9_999);
    expect(budget.isUsedUp(0)).toBe(false);
  });

  it('unblocks a step that was blocked when the outage began', async () => {
    const store = new Store();
    const budget = new UnsentLogBudget({ perRun: 1000, inAll: 10_000 });
    const forwarder = new LogForwarder(store.append, new Logger(), budget, PATIENCE);
    store.isAway = true;
    forwarder.add(Array.from({ length: 10 }, () => ({ text: LINE })));
    await forwarder.waitForRoom();
    store.isAway = false;
    await forwarder.flushed();
    expect(store.texts).toHaveLength(10);
  });

  it('treats an append without a response as an outage', async () => {
    const answers: (() => void)[] = [];
    const append = () =>
      new Promise<{ accepting: boolean }>((resolve) => answers.push(() => resolve({ accepting: true })));
    const budget = new UnsentLogBudget({ perRun: 1000, inAll: 10_000 });
    const forwarder = new LogForwarder(append, new Logger(), budget, { retry: 1, stalled: 1 });
    forwarder.add(Array.from({ length: 10 }, () => ({ text: LINE })));
    await forwarder.waitForRoom();
    answers[0]!();
    await forwarder.flushed();
  });

  it('shares one budget with the logs of other runs', async () => {
    const store = new Store();
    const budget = new UnsentLogBudget({ perRun: 1000, inAll: 1000 });
    const other = new LogForwarder(() => new Promise(() => undefined), new Logger(), budget);
    const forwarder = new LogForwarder(store.append, new Logger(), budget);
    other.add(Array.from({ length: 5 }, () => ({ text: LINE })));
    const room = forwarder.waitForRoom();
    expect(room).not.toBeNull();
    other.giveUp();
    await room;
    expect(forwarder.waitForRoom()).toBeNull();
  });

  describe('open lines', () => {
    const open = (text: string, step = 'a') => ({ step, stream: 'stdout' as const, open: true, text });
    const finished = (text: string, step = 'a') => ({ step, stream: 'stdout' as const, text });
    const forward = (isAway = () => false) => {
      const sent: string[][] = [];
      const numbers: number[] = [];
      const append = async (lines: LogLineInput[], firstNumber: number) => {
        sent.push(lines.map(({ text }) => text));
        numbers.push(firstNumber);
        await new Promise((next) => setImmediate(next));
        if (isAway()) throw new Error('away');
        return { accepting: true };
      };
      return {
        sent,
        numbers,
        forwarder: new LogForwarder(append, new Logger(), new UnsentLogBudget(), PATIENCE),
      };
    };

    it('are sent after the lines before them, the newest of each step and stream', async () => {
      const { sent, numbers, forwarder } = forward();
      forwarder.add([finished('one')]);
      for (const text of ['10 %', '20 %', '30 %']) forwarder.showOpen(open(text));
      forwarder.showOpen(open('name?', 'b'));
      forwarder.add([finished('two', 'c')]);
      await forwarder.flushed();
      forwarder.add([finished('three')]);
      await forwarder.flushed();
      expect(sent).toEqual([['one', 'two'], ['30 %', 'name?'], ['three']]);
      expect(numbers).toEqual([1, 3, 3]);
    });

    it('are not sent if they are finished before', async () => {
      const { sent, forwarder } = forward();
      forwarder.showOpen(open('begun'));
      forwarder.add([finished('begun and done')]);
      await forwarder.flushed();
      expect(sent).toEqual([['begun and done']]);
    });

    it('are dropped in an outage', async () => {
      const { sent, forwarder } = forward(() => sent.length === 1);
      forwarder.showOpen(open('10 %'));
      await forwarder.flushed();
      forwarder.add([finished('done')]);
      await forwarder.flushed();
      expect(sent).toEqual([['10 %'], ['done']]);
    });
  });
});
