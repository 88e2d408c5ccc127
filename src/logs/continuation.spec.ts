import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type LevelState, mayContinue, nextLevel, NO_LEVEL } from './continuation';
import type { LogLevel } from './log-level';

function levelsOf(...lines: string[]): (LogLevel | null)[] {
  let state: LevelState = NO_LEVEL;
  return lines.map((text, index) => {
    const following = (distance: number) => lines[index + distance] ?? '';
    // A line that does not depend on the one before has the same level without it.
    if (!mayContinue(text, following)) {
      expect(nextLevel(NO_LEVEL, text, following)).toEqual(nextLevel(state, text, following));
    }
    return (state = nextLevel(state, text, following)).level;
  });
}

/** Output of real programs, with the errors in between. */
function trace(name: string): { line: string; level: LogLevel | null }[] {
  const text = readFileSync(join(__dirname, '..', '..', 'test', 'support', 'traces', `${name}.txt`), 'utf8');
  const lines = text.split('\n').slice(0, -1);
  return levelsOf(...lines).map((level, index) => ({ level, line: lines[index]! }));
}

it.each([
  ['python', [/^WARNING|^trying/]],
  ['java', [/INFO|^done/, /^\S+ \S+ WARN|NullPointer|Main\.java:9/]],
  ['node', [/^reading|^trying|^done/]],
  ['go', [/reading|^done/]],
  ['rust', [/^reading|^done/]],
])('keeps traces of %s together', (name, [other]) => {
  const lines = trace(name);
  const errors = lines.filter(({ level }) => level === 'error');
  const rest = lines.filter(({ level }) => level === null);
  for (const { line } of rest) if (line !== '') expect(line).toMatch(other!);
  for (const { line } of errors) expect(line).not.toMatch(other!);
  expect(errors.length).toBeGreaterThan(8);
});

it('gives a trace below a warning the level of the warning', () => {
  const lines = trace('java');
  const start = lines.findIndex(({ line }) => line.includes('WARN'));
  expect(lines.slice(start, start + 10).map(({ level }) => level)).toEqual(Array(10).fill('warning'));
});

it('includes no empty line that ends a trace', () =>
  expect(levelsOf('Error: gone', '    at main (a.js:1:2)', '', 'next')).toEqual([
    'error',
    'error',
    null,
    null,
  ]));

it('knows an error by the frames below it', () =>
  expect(levelsOf('fine', 'Gone: no file', '    at main (a.js:1:2)', '}')).toEqual([
    null,
    'error',
    'error',
    'error',
  ]));

it('takes no place in a file for an error', () =>
  expect(levelsOf('/srv/a.js:3', '/srv/b.js:4', 'fine', 'fine')).toEqual([null, null, null, null]));

it('gives every line of a Python traceback its level', () =>
  expect(
    levelsOf(
      'Traceback (most recent call last):',
      '  File "main.py", line 3, in <module>',
      '    warnings.warn("warning: never")',
      'KeyboardInterrupt',
      'Done',
    ),
  ).toEqual(['error', 'error', 'error', 'error', null]));

it('gives every line of a Java stack trace the level of its first line', () =>
  expect(
    levelsOf(
      'WARN retrying',
      'Caused by: java.io.IOException: gone',
      '\tat org.example.Reader.read(Reader.java:12)',
      'at org.example.Main.main(Main.java:3)',
      '... 12 more',
      'INFO done',
      '  with details',
    ),
  ).toEqual(['warning', 'warning', 'warning', 'warning', 'warning', null, null]));

it('gives indented lines the level of the line before them, and the bracket that closes them', () =>
  expect(levelsOf('ERROR invalid', '  { "id": 1,', '\t"name": 2 }', '}', ')')).toEqual([
    'error',
    'error',
    'error',
    'error',
    'error',
  ]));

it('gives no level to a function outside of a trace', () =>
  expect(levelsOf('ERROR gone', 'main.main()', 'exit status 2', '}', '')).toEqual([
    'error',
    null,
    null,
    null,
    null,
  ]));

it('keeps the level of an indented line that is an error itself', () =>
  expect(levelsOf('warning: first', '  error: second', '  third')).toEqual(['warning', 'error', 'error']));

it('checks very long lines within 200 ms', () => {
  const startedMs = performance.now();
  for (const part of ['x', ' ', 'a.', 'a.(', '/:1', ': ', "thread '", 'a:', '^', '}', '(', 'at ']) {
    const text = part.repeat(65_536 / part.length);
    for (const long of [text, `go.${text})`, `goroutine ${text}`, ` ${text}`]) {
      mayContinue(long, () => long);
      nextLevel({ level: 'error', place: 'go' }, long, () => long);
    }
  }
  expect(performance.now() - startedMs).toBeLessThan(200);
});
