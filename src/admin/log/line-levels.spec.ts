import { LineLevels, needsLinesBefore } from './line-levels';

const line = (text: string, stream: 'stdout' | 'stderr' | 'system' = 'stderr', step = 'a') => ({
  text,
  stream,
  step,
});
const levelsOf = (lines: ReturnType<typeof line>[], before: ReturnType<typeof line>[] = []) => {
  const levels = new LineLevels(lines, before);
  return lines.map((_, index) => levels.of(index));
};

it('passes a level on within one step and stream', () =>
  expect(
    levelsOf([
      line('ERROR gone'),
      line('fine', 'stdout'),
      line('  indented', 'stdout'),
      line('  of another step', 'stderr', 'b'),
      line('  at main (a.js:1:2)'),
      line('fine'),
    ]),
  ).toEqual(['error', null, null, null, 'error', null]));

it('knows the first line of a trace by the next line of the same step and stream', () =>
  expect(
    levelsOf([line('Gone: no file'), line('fine', 'stdout'), line('    at main (a.js:1:2)'), line('1 file')]),
  ).toEqual(['error', null, 'error', null]));

it('returns the same levels in any order', () => {
  const levels = new LineLevels([line('WARN a'), line('  b'), line('  c'), line('d')]);
  expect([3, 2, 1, 0].map((index) => levels.of(index))).toEqual([null, 'warning', 'warning', 'warning']);
});

it('continues the lines before', () =>
  expect(levelsOf([line('  more')], [line('ERROR gone'), line('other', 'stdout')])).toEqual(['error']));

it('finds the level behind colours, and none in lines of Jobato', () =>
  expect(levelsOf([line('\x1b[31mERROR\x1b[0m gone'), line('ERROR of Jobato', 'system')])).toEqual([
    'error',
    null,
  ]));

it('needs the lines before only if the first line of a step and stream continues one', () => {
  expect(needsLinesBefore([line('1 file'), line('  b')])).toBe(false);
  expect(needsLinesBefore([line('1 file'), line('  b', 'stdout')])).toBe(true);
});
