import { expandedSize } from './pattern-size';

describe('expandedSize', () => {
  it.each<[string, number]>([
    ['abc', 3],
    ['[a-z\\]]{1,1000}', 1000],
    ['([a-z]b){30}', 60],
    ['(?:a{1,30}){1,30}', 900],
    ['a{3,}', 3],
    ['(a|b|c){10}', 10],
    ['(ab|cd|e){10}', 50],
    ['\\p{Greek}{3}\\x{41}', 4],
    ['\\Qa(b\\E{2}', 6],
    ['a{,5}', 5],
    ['(?i)(?<year>\\d{4})-', 5],
    ['^\\$[{}](', 2],
  ])('counts the characters and classes of %s', (pattern, size) => expect(expandedSize(pattern)).toBe(size));
});
