import { continuedLevel } from './continuation';
import type { LogLevel } from './log-level';

function levelsOf(...lines: string[]): (LogLevel | null)[] {
  let level: LogLevel | null = null;
  return lines.map((text) => (level = continuedLevel(text, level)));
}

it('gives every line of a Python traceback its level', () =>
  expect(
    levelsOf(
      'Traceback (most recent call last):',
      '  File "main.py", line 3, in <module>',
      '    warnings.warn("warning: never")',
      'ValueError: not a number',
      'next',
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

it('gives indented lines the level of the line before them', () =>
  expect(levelsOf('ERROR invalid', '  { "id": 1,', '\t"name": 2 }', '}')).toEqual([
    'error',
    'error',
    'error',
    null,
  ]));

it('keeps the level of an indented line that is an error itself', () =>
  expect(levelsOf('warning: first', '  error: second', '  third')).toEqual(['warning', 'error', 'error']));
