import { aParam } from '../../test/support/a-run';
import { whyInvalid, withoutExpression } from './param-value';
import type { ParamSpec } from './project';

const spec = (type: ParamSpec['type'], more: Partial<ParamSpec> = {}) => aParam({ type, ...more });
const SHELL = '$(rm -rf /); `id` && echo "x" | sh > /dev/null #';
const EXACT = 'must be a whole number from -9007199254740991 to 9007199254740991';
const LETTERS = [...'abcdefghijklmnopqrstuvwxyz'];
const ALLOWED = ['must be one of a', ...LETTERS.slice(1, 20)];

describe('whyInvalid', () => {
  it.each<[string, ParamSpec, unknown]>([
    ['text', spec('string'), 'hello'],
    ['an empty text', spec('string'), ''],
    ['a text that is shell code: it is never run by a shell', spec('string'), SHELL],
    ['a text with newlines and emoji', spec('string'), 'a\nb 😀'],
    ['a text that matches', spec('string', { pattern: '[a-z]+' }), 'abc'],
    ['a text of the right length', spec('string', { min: 2, max: 3 }), 'abc'],
    ['zero', spec('integer'), 0],
    ['a negative number', spec('integer'), -7],
    ['the largest whole number', spec('integer'), Number.MAX_SAFE_INTEGER],
    ['a number at the limit', spec('integer', { min: 1, max: 9 }), 9],
    ['a fraction', spec('number'), 0.5],
    ['a very large number', spec('number'), 1e300],
    ['true', spec('boolean'), true],
    ['false', spec('boolean'), false],
    ['one of a list', spec('enum', { values: ['a', 'b'] }), 'b'],
    ['a date', spec('date'), '2026-03-31'],
    ['a leap day', spec('date'), '2028-02-29'],
    [
      'the first and the last allowed day',
      spec('date', { min: '2026-03-31', max: '2026-03-31' }),
      '2026-03-31',
    ],
    ['an array', spec('array'), ['a', ' b ', SHELL]],
    ['an empty array', spec('array'), []],
    ['an array with the right number of items', spec('array', { min: 1, max: 2 }), ['a', 'b']],
    ['as many items as possible', spec('array'), Array(1000).fill('a')],
    ['items that match', spec('array', { pattern: '[a-z]+' }), ['a', 'bc']],
    ['items of a list, also twice', spec('array', { values: ['a', 'b'] }), ['b', 'a', 'b']],
  ])('accepts %s', (_what, given, value) => expect(whyInvalid(given, value)).toBeNull());

  it.each<[string, ParamSpec, unknown, string | RegExp]>([
    ['a number for a text', spec('string'), 5, 'must be a string'],
    ['a list for a text', spec('string'), ['a'], 'must be a string'],
    ['an object for a text', spec('string'), { toString: 'x' }, 'must be a string'],
    ['a NUL', spec('string'), 'a\0b', 'must not contain a NUL character'],
    ['a text that only begins as it should', spec('string', { pattern: 'a|b' }), 'ab', 'must match a|b'],
    ['a text with a line that matches', spec('string', { pattern: '[a-z]+' }), 'abc\n;', 'must match [a-z]+'],
    ['too short a text', spec('string', { min: 2 }), 'a', 'must be at least 2 characters'],
    ['too long a text', spec('string', { max: 2 }), 'abc', 'must be at most 2 characters'],
    [
      'too long a text before it checks the pattern',
      spec('string', { max: 2, pattern: 'a' }),
      'bbb',
      'must be at most 2 characters',
    ],
    [
      'more than 4 KiB for a pattern',
      spec('string', { pattern: '(a+)+b' }),
      'a'.repeat(4097),
      'must be at most 4096 bytes long, the limit of a parameter with a pattern',
    ],
    [
      'what a backtracking engine would try in 2^4096 ways',
      spec('string', { pattern: '(a+)+b' }),
      'a'.repeat(4096),
      'must match (a+)+b',
    ],
    ['a fraction for a whole number', spec('integer'), 1.5, 'must be a whole number'],
    ['a number too large to be exact', spec('integer'), 2 ** 53, EXACT],
    ['a number too small to be exact', spec('integer'), -1e300, EXACT],
    [
      'thousands with a comma',
      spec('integer'),
      '1,000',
      'must be a whole number such as 1500, without a comma',
    ],
    ['a decimal comma', spec('number'), '1,5', 'must be a number such as 1.5, without a comma'],
    ['digits as text', spec('integer'), '5', 'must be a whole number'],
    ['NaN as a whole number', spec('integer'), Number.NaN, 'must be a whole number'],
    ['too small a number', spec('integer', { min: 1 }), 0, 'must be at least 1'],
    ['too large a number', spec('number', { max: 1 }), 1.01, 'must be at most 1'],
    ['NaN', spec('number'), Number.NaN, 'must be a number'],
    ['infinity', spec('number'), Infinity, 'must be a number from -1.7e308 to 1.7e308'],
    ['a truth for a number', spec('number'), true, 'must be a number'],
    ['a word for true', spec('boolean'), 'true', 'must be true or false'],
    ['1 for true', spec('boolean'), 1, 'must be true or false'],
    ['a value not in a list', spec('enum', { values: ['a', 'b'] }), 'c', 'must be one of a, b'],
    ['a name that every object has', spec('enum', { values: ['a'] }), 'constructor', 'must be one of a'],
    ['a list of one value', spec('enum', { values: ['a'] }), ['a'], 'must be one of a'],
    ['a value of a long list', spec('enum', { values: LETTERS }), 'A', `${ALLOWED.join(', ')} and 6 more`],
    ['a date with a time', spec('date'), '2026-03-31T10:00:00Z', 'must be a date such as 2026-03-31'],
    ['a date in other words', spec('date'), '31.03.2026', 'must be a date such as 2026-03-31'],
    ['a date as a number', spec('date'), 20260331, 'must be a date such as 2026-03-31'],
    ['a year 0', spec('date'), '0000-01-01', 'must be a date such as 2026-03-31'],
    ['February 30', spec('date'), '2026-02-30', 'must be a day of the calendar, and 2026-02-30 is not'],
    ['a leap day without a leap year', spec('date'), '2027-02-29', /and 2027-02-29 is not/],
    ['a month 13', spec('date'), '2026-13-01', /and 2026-13-01 is not/],
    ['too early a day', spec('date', { min: '2026-03-31' }), '2026-03-30', 'must be 2026-03-31 or later'],
    ['too late a day', spec('date', { max: '2026-03-31' }), '2026-04-01', 'must be 2026-03-31 or earlier'],
    ['a text for an array', spec('array'), 'a', 'must be a list of strings'],
    ['an object for an array', spec('array'), { 0: 'a' }, 'must be a list of strings'],
    ['too few items', spec('array', { min: 1 }), [], 'must have at least 1 item'],
    ['too many items', spec('array', { max: 1 }), ['a', 'b'], 'must have at most 1 item'],
    [
      'more items than any array may have',
      spec('array'),
      Array(1001).fill('a'),
      'must have at most 1000 items',
    ],
    ['a number as an item', spec('array'), ['a', 1], 'item 2 must be a string'],
    ['a list as an item', spec('array'), [['a']], 'item 1 must be a string'],
    ['an empty item', spec('array'), ['a', ''], 'item 2 must not be empty'],
    ['a blank item', spec('array'), [' \t'], 'item 1 must not be empty'],
    ['an item with a line break', spec('array'), ['a\nb'], 'item 1 must not contain a line break'],
    ['an item with a carriage return', spec('array'), ['a\r'], 'item 1 must not contain a line break'],
    ['an item with a NUL', spec('array'), ['a\0'], 'item 1 must not contain a NUL character'],
    [
      'an item not in a list',
      spec('array', { values: ['a', 'b'] }),
      ['a', 'c'],
      'item 2 must be one of a, b',
    ],
    ['an item that does not match', spec('array', { pattern: 'a' }), ['a', 'b'], 'item 2 must match a'],
    [
      'more than 4 KiB of items for a pattern',
      spec('array', { pattern: 'a+' }),
      ['a'.repeat(2048), 'a'.repeat(2049)],
      'must be at most 4096 bytes in all, the limit of a parameter with a pattern',
    ],
    [
      'a text that does not fit its description',
      spec('string', { pattern: 'v\\d+', description: 'Release  tag\n' }),
      'x',
      'must fit its description: Release tag',
    ],
    [
      'a text that does not fit its description, with an example',
      spec('string', { pattern: 'v\\d+', description: 'Release tag', example: 'v12' }),
      'x',
      'must fit its description: Release tag (example: v12)',
    ],
    [
      'a text unlike the example',
      spec('string', { pattern: 'v\\d+', example: 'v12' }),
      'x',
      'must have the same format as v12',
    ],
    ['an empty secret', spec('secret'), '', 'must not be empty'],
    ['a number as a secret', spec('secret'), 1234, 'must be a string'],
    ['a short secret', spec('secret', { min: 8 }), 'hunter2', 'must be at least 8 characters'],
    ['a secret of another format', spec('secret', { pattern: '[a-z]+' }), 'hunter2', 'must match [a-z]+'],
    ['the mark of a secret', spec('secret'), '***', 'must not be ***, which stands for a hidden value'],
    [
      'an item unlike those of the example',
      spec('array', { pattern: 'v\\d+', example: ['v1', 'v2'] }),
      ['v1', 'x'],
      'item 2 must have the same format as v1, v2',
    ],
  ])('rejects %s', (_what, given, value, reason) => {
    if (typeof reason === 'string') expect(whyInvalid(given, value)).toBe(reason);
    else expect(whyInvalid(given, value)).toMatch(reason);
  });
});

describe('withoutExpression', () => {
  const message = (given: ParamSpec, value: unknown) => withoutExpression(given, whyInvalid(given, value)!);

  it('replaces an expression, also one that was cut off', () => {
    const tag = spec('string', { pattern: 'v\\d+' });
    expect(message(tag, 'x')).toBe('has the wrong format');
    expect(withoutExpression(tag, 'must match v\\d…')).toBe('has the wrong format');
    expect(message(spec('array', { pattern: 'a' }), ['a', 'b'])).toBe('item 2 has the wrong format');
  });

  it('keeps all other messages', () => {
    expect(message(spec('string', { pattern: 'a', max: 1 }), 'bb')).toBe('must be at most 1 character');
    const described = spec('string', { pattern: 'a', description: 'It must match the file' });
    expect(message(described, 'b')).toBe('must fit its description: It must match the file');
  });
});
