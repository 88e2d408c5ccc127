import { OpenLines } from './open-lines';

describe('OpenLines', () => {
  const openLine = (text: string, step = 'a', stream: 'stdout' | 'stderr' = 'stdout') => ({
    open: true,
    text,
    step,
    stream,
  });
  const texts = (lines: OpenLines, seq = 100, attempt = 1) =>
    lines.of('run', attempt, seq)?.map(({ text }) => text) ?? null;

  it('keeps the newest open line of each step and stream', () => {
    const lines = new OpenLines();
    lines.take(
      'run',
      1,
      [openLine('10 %'), openLine('name?', 'a', 'stderr'), openLine('20 %'), openLine('x', 'b')],
      0,
    );
    expect(texts(lines)).toEqual(['20 %', 'name?', 'x']);
  });

  it('ends an open line with the next finished one of its step and stream, or with an empty text', () => {
    const lines = new OpenLines();
    lines.take('run', 1, [openLine('10 %'), openLine('name?', 'a', 'stderr'), openLine('x', 'b')], 0);
    lines.take('run', 1, [{ text: '100 %', step: 'a', stream: 'stdout' }, openLine('', 'b')], 1);
    expect(texts(lines)).toEqual(['name?']);
  });

  it('returns null to a reader that does not yet have the lines before', () => {
    const lines = new OpenLines();
    lines.take('run', 1, [openLine('10 %')], 7);
    expect([texts(lines, 6), texts(lines, 7)]).toEqual([null, ['10 %']]);
  });

  it('drops the lines of an earlier attempt', () => {
    const lines = new OpenLines();
    lines.take('run', 1, [openLine('10 %')], 0);
    expect(texts(lines, 100, 2)).toEqual([]);
    lines.take('run', 2, [{ text: 'again' }], 1);
    expect(texts(lines, 100, 1)).toEqual([]);
  });

  it('wakes readers only when a line has changed', () => {
    const lines = new OpenLines();
    let wakes = 0;
    const stop = lines.onChange('run', () => wakes++);
    lines.take('run', 1, [openLine('10 %')], 0);
    lines.take('run', 1, [openLine('10 %')], 0);
    lines.take('run', 1, [{ text: 'other', step: 'b' }], 1);
    expect(wakes).toBe(1);
    stop();
    lines.take('run', 1, [openLine('20 %')], 1);
    expect(wakes).toBe(1);
  });

  it('limits the lines of a run, the length of a line, and all lines together', () => {
    const lines = new OpenLines();
    for (let run = 0; run < 500; run++) {
      const many = Array.from({ length: 100 }, (_, step) => openLine('x'.repeat(100_000), String(step)));
      lines.take(`run ${run}`, 1, many, 0);
    }
    expect(lines.of('run 499', 1, 0)).toHaveLength(16);
    expect(lines.of('run 499', 1, 0)![0]!.text.length).toBeLessThanOrEqual(4096);
    expect(lines.of('run 0', 1, 0)).toEqual([]);
  });
});
