import { maskingOf } from './mask-rules';

it.each([
  ['', 'too-short'],
  ['1', 'too-short'],
  ['abc', 'too-short'],
  ['  abc\n', 'too-short'],
  ['🔑🔑', 'too-short'],
  ['true', 'boolean'],
  ['False', 'boolean'],
  ['abcd', 'whole-words'],
  ['🔑🔑🔑🔑', 'whole-words'],
  ['hunter2', 'whole-words'],
  ['8080', 'whole-words'],
  ['12345678', 'whole-words'],
  ['-12345.678', 'whole-words'],
  ['password', 'anywhere'],
  ['1234-5678', 'anywhere'],
])('masks %j: %s', (value, expected) => expect(maskingOf(value)).toBe(expected));
