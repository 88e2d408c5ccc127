import { matcher, MAX_MATCHED_BYTES, whyNoPattern } from './pattern';

describe('whyNoPattern', () => {
  it.each([
    ['classes and repeats', '[a-z0-9._-]{1,1000}'],
    ['alternatives', 'a|b'],
    ['named groups and Unicode escapes in JavaScript syntax', '(?<first>\\u0041)\\p{L}+'],
    ['nested repeats, which make other engines backtrack', '(a+)+b'],
    ['the longest one', 'a'.repeat(1024)],
    ['a backslash before a k', '\\\\k'],
  ])('accepts %s', (_what, pattern) => expect(whyNoPattern(pattern)).toBeNull());

  it.each([
    ['an open class', '[', /not a regular expression: missing closing \]/],
    ['an unmatched bracket', 'a)(b', /not a regular expression: unexpected \)/],
    ['look-ahead', 'a(?=b)', /look-around, which is not supported/],
    ['look-behind', '(?<!a)b', /look-around, which is not supported/],
    ['a back-reference by number', '(a)\\1', /back-reference, which is not supported/],
    ['a back-reference by name', '(?<n>a)\\k<n>', /back-reference, which is not supported/],
    ['more than 1 KiB', 'ä'.repeat(513), /at most 1024 bytes/],
    ['repeats that multiply', '(?:a?){1000}(?:b?){1000}', /is too large/],
  ])('rejects %s', (_what, pattern, reason) => expect(whyNoPattern(pattern)).toMatch(reason));
});

describe('matcher', () => {
  it.each<[string, string, boolean]>([
    ['[a-z]+', 'abc', true],
    ['[a-z]+', 'abc;', false],
    ['[a-z]+', 'abc\n', false],
    ['a|b', 'ab', false],
    ['.', '😀', true],
    ['(a+)+b', 'a'.repeat(MAX_MATCHED_BYTES), false],
    ['(.*)*(.*)*x', 'a'.repeat(MAX_MATCHED_BYTES), false],
  ])('matches %s against the whole value', (pattern, value, expected) =>
    expect(matcher(pattern)(value)).toBe(expected),
  );
});
