import { hasMoreMembersThan } from './json-size';

const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));

describe('hasMoreMembersThan', () => {
  it.each([
    ['lists in a list', Array.from({ length: 50 }, () => []), 50],
    ['objects in a list', Array.from({ length: 50 }, () => ({})), 50],
    ['numbers in an object', Object.fromEntries(Array.from({ length: 50 }, (_, index) => [index, 0])), 50],
  ])('counts %s', (_what, value, members) => {
    expect(hasMoreMembersThan(members - 1, bytes(value))).toBe(true);
    // Counts at most one extra for each object or list, which may be empty.
    expect(hasMoreMembersThan(2 * members + 1, bytes(value))).toBe(false);
  });

  it('ignores commas and brackets in strings', () => {
    const text = ',[{'.repeat(100);
    for (const tricky of [text, `"${text}`, `\\"${text}`, `${text}\\`, `\\\\"${text}`]) {
      expect(hasMoreMembersThan(5, bytes({ [tricky]: tricky, more: tricky }))).toBe(false);
    }
  });

  it('counts members after a string that ends in backslashes', () => {
    const value = { text: '\\\\', list: Array.from({ length: 20 }, () => 0) };
    expect(hasMoreMembersThan(20, bytes(value))).toBe(true);
  });

  it.each(['"never closed ,,,,,,,,,,', '"', '"\\', ''])('terminates for %j', (text) => {
    expect(hasMoreMembersThan(2, Buffer.from(text))).toBe(false);
  });
});
