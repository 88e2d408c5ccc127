import type { LevelledLine } from './log-line-view';
import { logLinks, type LogReading, logWindow, stepLinks } from './log-window';

const ALL = { level: 'all', q: '', only: null, mark: '' } as const;
const line = (seq: number, step: string | null = null, text = 'x'): LevelledLine => ({
  seq,
  at: '2026-03-01T10:00:00.000Z',
  stream: 'stdout',
  step,
  text,
  level: null,
});
const reading = (lines: LevelledLine[], lastSeq: number): LogReading => ({
  lines,
  from: lines[0]?.seq ?? 1,
  to: lines.at(-1)?.seq ?? 0,
  lastSeq,
});
const shown = (lines: LevelledLine[], lastSeq: number, filter: Parameters<typeof logWindow>[2] = ALL) => {
  const window = logWindow('id', reading(lines, lastSeq), filter, { isActive: true, isMixed: false }, 0);
  return { ...window, ...logLinks('id', window, filter) };
};

it('links to no other part when a window shows the whole log', () => {
  const log = shown([line(1), line(2)], 2);
  expect(log).toMatchObject({ isLatest: true, earlierHref: null, laterHref: null, endHref: null });
  expect(log.sections[0]).toMatchObject({ isUntitled: true, lists: [[{ at: { text: '10:00:00' } }, {}]] });
});

it('links to the earlier part, the later part and the end from a window in the middle', () => {
  expect(shown([line(5), line(6)], 9)).toMatchObject({
    isLatest: false,
    earlierHref: '/runs/id?to=4#run-log',
    laterHref: '/runs/id?from=7#run-log',
    endHref: '/runs/id#run-log',
  });
});

it('keeps the filter in its links, and links each line to its position in the whole log', () => {
  const log = shown([line(500)], 900, { level: 'errors', q: 'a&b c', only: null, mark: '' });
  expect(log).toMatchObject({
    earlierHref: '/runs/id?level=errors&q=a%26b+c&to=499#run-log',
    allHref: '/runs/id#run-log',
  });
  expect(log.levels).toEqual([
    { label: 'All', href: '/runs/id?q=a%26b+c#run-log', isCurrent: false },
    { label: 'Warnings', href: '/runs/id?level=warnings&q=a%26b+c#run-log', isCurrent: false },
    { label: 'Errors', href: '/runs/id?level=errors&q=a%26b+c#run-log', isCurrent: true },
  ]);
  expect(log.sections[0]!.lists[0]![0]!.href).toBe('/runs/id?mark=a%26b+c&from=480#L500');
  expect(log.matchesHref).toBeNull();
});

it('marks the search text in the unfiltered log, keeps it in links and links back to the matches', () => {
  const log = shown([line(500, null, 'an item of many')], 900, { ...ALL, mark: 'item' });
  expect(log).toMatchObject({
    isFiltered: false,
    earlierHref: '/runs/id?mark=item&to=499#run-log',
    matchesHref: '/runs/id?q=item#run-log',
  });
  expect(log.sections[0]!.lists[0]![0]).toMatchObject({ href: '#L500', pieces: [{}, { isHit: true }, {}] });
});

it('splits lines into lists of at most 100', () => {
  const lines = Array.from({ length: 250 }, (_, index) => line(index + 1));
  expect(shown(lines, 250).sections[0]!.lists.map(({ length }) => length)).toEqual([100, 100, 50]);
});

it('shows an empty log as latest', () => {
  expect(shown([], 0)).toMatchObject({ isLatest: true, earlierHref: null, count: 0, sections: [] });
});

it('groups consecutive lines of a step under one heading, in log order', () => {
  const { sections } = shown([line(1, 'a'), line(2, 'a'), line(3), line(4, 'b'), line(5, 'a')], 5);
  expect(sections.map(({ title, lists }) => [title, lists.flat().map(({ seq }) => seq)])).toEqual([
    ['a', [1, 2]],
    ['Outside steps', [3]],
    ['b', [4]],
    ['a', [5]],
  ]);
});

it('adds the attempt to a step link if the step ran in more than one attempt', () => {
  const start = (attempt: number, step: string, seq: number) => ({ attempt, step, seq });
  expect(stepLinks('id', [start(1, 'a', 1), start(1, 'b', 80_000)])).toEqual([
    { name: 'a', href: '/runs/id?from=1#L1' },
    { name: 'b', href: '/runs/id?from=79980#L80000' },
  ]);
  expect(stepLinks('id', [start(1, 'a', 1), start(2, 'a', 30)])).toEqual([
    { name: 'a (attempt 1)', href: '/runs/id?from=1#L1' },
    { name: 'a (attempt 2)', href: '/runs/id?from=10#L30' },
  ]);
});

it('puts mixed lines of several steps into one section, and names the step of each line', () => {
  const lines = ['left', 'right', 'left', null].map((step, index) => ({ ...line(index + 1), step }));
  const mixed = (only: string | null) =>
    logWindow('id', reading(lines, 4), { ...ALL, only }, { isActive: true, isMixed: true }, 2).sections;
  expect(mixed(null)).toMatchObject([{ step: null, isUntitled: true }]);
  expect(
    mixed(null)[0]!
      .lists.flat()
      .map(({ step }) => step),
  ).toEqual(['left', 'right', 'left', null]);
  // With one step there is nothing to tell apart.
  expect(mixed('left')[0]).toMatchObject({ step: 'left', isUntitled: false });
  expect(mixed('left')[0]!.lists.flat()[0]!.step).toBeNull();
});
