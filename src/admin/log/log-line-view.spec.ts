import { levelOf } from '../../logs/log-level';
import type { LogLine } from '../../logs/log-line';
import { type LevelledLine, logLineView } from './log-line-view';
import { searchPattern } from './log-question';

const line = (text: string, stream: LogLine['stream'] = 'stdout'): LevelledLine => ({
  seq: 7,
  at: '2026-03-01T10:00:00.000Z',
  stream,
  step: null,
  text,
  level: levelOf(text),
});
const shown = (raw: string, q = '') => logLineView(line(raw), searchPattern(q), () => '#L7');
const marked = (raw: string, q: string) =>
  shown(raw, q).pieces?.map(({ text, isHit }) => (isHit ? `[${text}]` : text)).join('') ?? null; // prettier-ignore

it('distinguishes stderr output from error lines', () => {
  const view = (text: string, stream: LogLine['stream']) => logLineView(line(text, stream), null, () => '');
  expect(view('a note', 'stderr')).toMatchObject({ isStderr: true, isError: false, isWarning: false });
  expect(view('ERROR gone', 'stdout')).toMatchObject({ isStderr: false, isError: true });
});

it('returns no pieces for a line without colours or hits', () => {
  expect(shown('<i>')).toMatchObject({ text: '<i>', pieces: null });
  expect(shown('')).toMatchObject({ text: '', pieces: null });
  expect(shown('\x1b[0mplain\x1b[0m')).toMatchObject({ text: 'plain', pieces: null });
});

it('marks search hits regardless of case', () => {
  expect(marked('Item 1, item 2', 'ITEM')).toBe('[Item] 1, [item] 2');
  expect(marked('a.b axb a.b', 'a.b')).toBe('[a.b] axb [a.b]');
  expect(marked('nothing', 'x')).toBeNull();
});

it('marks a hit that spans colour changes', () => {
  expect(shown('a\x1b[31mbc\x1b[0md', 'bcd').pieces).toEqual([
    { text: 'a', classes: '', isHit: false, isContinued: false },
    { text: 'bc', classes: 'ansi-red', isHit: true, isContinued: false },
    { text: 'd', classes: '', isHit: true, isContinued: true },
  ]);
});

it('limits the number of marked hits', () => {
  expect(shown('x'.repeat(65_536), 'x').pieces!.length).toBeLessThanOrEqual(101);
});
