import { Logger } from '@nestjs/common';
import { LogForwarder } from './log-forwarder';

describe('the way of lines to the log', () => {
  it('has no more room once too much waits, also where the lines are empty', () => {
    const forwarder = new LogForwarder(() => new Promise(() => undefined), new Logger());
    expect(forwarder.room()).toBeNull();
    forwarder.add(Array.from({ length: 100_000 }, () => ({ text: '' })));
    expect(forwarder.room()).toBeInstanceOf(Promise);
  });

  it('has room again when what waited is stored, in order and whole', async () => {
    const stored: string[] = [];
    const forwarder = new LogForwarder(async (lines) => {
      stored.push(...lines.map(({ text }) => text));
      return { accepting: true };
    }, new Logger());
    const texts = Array.from({ length: 100_000 }, (_, index) => String(index));
    forwarder.add(texts.map((text) => ({ text })));
    await forwarder.room();
    await forwarder.flushed();
    expect(stored).toEqual(texts);
    expect(forwarder.room()).toBeNull();
  });

  it('throws away what comes after the limit, and always has room for it', async () => {
    let appends = 0;
    const forwarder = new LogForwarder(async () => ({ accepting: ++appends > 1 }), new Logger());
    forwarder.add([{ text: 'a' }]);
    await forwarder.flushed();
    forwarder.add([{ text: 'b' }]);
    await forwarder.flushed();
    expect(appends).toBe(1);
    expect(forwarder.room()).toBeNull();
  });

  it('marks the place where lines are refused, once, and counts all of them', async () => {
    Logger.overrideLogger(false);
    const stored: string[] = [];
    const forwarder = new LogForwarder(async (lines) => {
      const [bad, good] = [
        lines.filter(({ text }) => text === 'bad'),
        lines.filter(({ text }) => text !== 'bad'),
      ];
      stored.push(...good.map(({ text }) => text));
      return { accepting: true, ...(bad.length > 0 && { refused: { lines: bad.length, reason: '413' } }) };
    }, new Logger());
    for (const text of ['a', 'bad', 'bad', 'b', 'bad']) {
      forwarder.add([{ text }]);
      await forwarder.flushed();
    }
    expect(stored).toEqual(['a', 'Log lines are missing here: 413', 'b']);
    expect(forwarder.refusedLines).toBe(3);
  });
});
