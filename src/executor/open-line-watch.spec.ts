import { OpenLineWatch, type UnfinishedLine } from './open-line-watch';

describe('OpenLineWatch', () => {
  let line: UnfinishedLine;
  let reports: string[];
  let watch: OpenLineWatch;
  beforeEach(() => {
    jest.useFakeTimers();
    reports = [];
    watch = new OpenLineWatch(
      () => line,
      (text) => reports.push(text),
    );
  });
  afterEach(() => jest.useRealTimers());
  const write = (index: number, text: string) => {
    line = { index, text };
    watch.touch();
  };

  it('reports an unfinished line once, within a second', () => {
    write(0, 'Name: ');
    jest.advanceTimersByTime(700);
    expect(reports).toEqual(['Name: ']);
    watch.touch();
    jest.advanceTimersByTime(60_000);
    expect(reports).toHaveLength(1);
  });

  it('reports the newest state of a line at most four times a second', () => {
    for (let step = 1; step <= 1000; step++) {
      write(0, `${step}`);
      jest.advanceTimersByTime(1);
    }
    jest.advanceTimersByTime(1000);
    expect(reports.length).toBeLessThanOrEqual(4);
    expect(reports.at(-1)).toBe('1000');
  });

  it('reports nothing for a program whose lines are soon finished', () => {
    for (let index = 0; index < 100; index++) {
      write(index, 'begun');
      jest.advanceTimersByTime(50);
    }
    write(100, '');
    jest.advanceTimersByTime(1000);
    expect(reports).toEqual([]);
  });

  it('reports nothing after it was stopped', () => {
    write(0, 'Name: ');
    watch.stop();
    jest.advanceTimersByTime(1000);
    expect(reports).toEqual([]);
  });
});
