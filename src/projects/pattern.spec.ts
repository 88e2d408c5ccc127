import { matcher, MAX_MATCHED_BYTES, MAX_MATCH_STEPS, stepBudget, whyNoPattern } from './pattern';

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
    ['many repeats', 'a{1000}'.repeat(146), /is too large: its repeats expand/],
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
    expect(matcher(pattern, stepBudget())(value)).toBe(expected),
  );

  const WORD = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
  const hosts = Array.from({ length: 200 }, (_none, index) => `node-${index}.eu-west.example.com`);
  const words = Array.from({ length: 20 }, (_none, index) => `environment-${index}`);
  it.each<[string, string, string[]]>([
    ['e-mail addresses', '[\\w.+-]+@[\\w-]+(?:\\.[\\w-]+)+', hosts.map((host) => `first.last+tag@${host}`)],
    ['dates', '\\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\\d|3[01])', ['2026-03-31', '1999-12-01']],
    [
      'versions',
      '(0|[1-9]\\d*)\\.(0|[1-9]\\d*)\\.(0|[1-9]\\d*)(?:-((?:0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\\.(?:0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?(?:\\+([0-9a-zA-Z-]+(?:\\.[0-9a-zA-Z-]+)*))?',
      ['1.20.300', `1.0.0-${'rc.1.'.repeat(700)}a+build.5`],
    ],
    [
      'addresses',
      'https?://[^\\s/?#]+(?:/[^\\s?#]*)?(?:\\?[^\\s#]*)?',
      [`https://a.example/${'b/'.repeat(2000)}?c=d`],
    ],
    ['UUIDs', '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}', ['0f8fad5b-d9cb-469f-a165-70867728950e']],
    ['names of hosts', `${WORD}(?:\\.${WORD})*`, [...hosts, 'a'.repeat(63)]],
    ['names of hosts up to a length', `(?:${WORD}\\.){1,8}[a-z]{2,63}`, hosts],
    ['cron expressions', '(?:[\\d*/,-]+\\s+){4}[\\d*/,-]+', ['*/5 0-12,14 * * 1-5']],
    ['words', words.join('|'), words],
    [
      'lists of words',
      `(?:${words.join('|')})(?:,(?:${words.join('|')})){0,5}`,
      [words.slice(0, 6).join(',')],
    ],
    ['any text', '.{1,1000}', ['word '.repeat(200)]],
    ['names', "[\\p{L}\\p{N} .'-]{1,1000}", ['Zoë Ж-漢字 '.repeat(90)]],
    ['a text within a long one', '.*error.{0,100}', [`${'an error, no error. '.repeat(200)}error`]],
    [
      'IP addresses',
      '(?:(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)\\.){3}(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)',
      ['10.0.255.1'],
    ],
    ['paths', '(?:/[\\w.-]{1,255}){1,3}', ['/var/log/app.log']],
  ])('matches %s with a quarter of the steps', (_what, pattern, values) => {
    expect(whyNoPattern(pattern)).toBeNull();
    const budget = stepBudget();
    const isMatch = matcher(pattern, budget);
    for (const value of values) expect(isMatch(value)).toBe(true);
    expect(MAX_MATCH_STEPS - budget.steps).toBeLessThan(MAX_MATCH_STEPS / 4);
  });

  const letters = (alphabet: string) => {
    let seed = 1;
    return Array.from({ length: MAX_MATCHED_BYTES }, () => {
      seed = (seed * 16_807) % 2_147_483_647;
      return alphabet[seed % alphabet.length];
    }).join('');
  };

  it.each<[string, string, string]>([
    ['nested repeats', '(?:a{1,30}){1,30}b?', letters('a')],
    ['optional groups in a repeat', '(?:(?:a?){30}){30}', letters('a')],
    ['a place that many characters can begin', '.*a.{1000}', letters('ab')],
    ['several such places', '(?:.*a.{300}|.*b.{300}|.*[ab].{300})c', letters('ab')],
    ['repeats of nothing', '(?:a*b*){300}c', letters('ab')],
    ['large classes', '(?:[\\p{L}\\p{N}\\p{S}\\p{P}]?\\pL?){400}x', letters('abcdef')],
    ['folded cases', '(?i)(?:[a-z]?[k-s]?){400}', letters('abcdefghijklmnopqrstuvwxyz')],
  ])('stops at the limit of steps at %s', (_what, pattern, value) => {
    expect(whyNoPattern(pattern)).toBeNull();
    const budget = stepBudget();
    const isMatch = matcher(pattern, budget);
    expect(isMatch(value)).toBeNull();
    // The state that exceeds the limit is complete.
    expect(budget.steps).toBeGreaterThan(-5_000);
    expect(isMatch(value)).toBeNull();
  });
});
