import { jsonHash } from './json-hash';

describe('jsonHash', () => {
  it('returns a hexadecimal SHA-256', () => expect(jsonHash({})).toMatch(/^[0-9a-f]{64}$/));

  it.each([
    ['the order of members', { a: 1, b: { c: 1, d: 2 } }, { b: { d: 2, c: 1 }, a: 1 }],
    ['undefined members', { a: 1, b: undefined }, { a: 1 }],
    ['the order of members within lists', [{ a: 1, b: 2 }], [{ b: 2, a: 1 }]],
  ])('ignores %s', (_what, one, other) => expect(jsonHash(one)).toBe(jsonHash(other)));

  it.each([
    ['a value', { a: 1 }, { a: 2 }],
    ['the type of a value', { a: 1 }, { a: '1' }],
    ['the order of a list', { a: [1, 2] }, { a: [2, 1] }],
    ['null from a missing member', { a: null }, {}],
    ['the depth of a member', { a: { b: 1 } }, { a: {}, b: 1 }],
    ['a list from an object with its numbers', { a: ['x'] }, { a: { 0: 'x' } }],
    ['a member named __proto__', JSON.parse('{"__proto__": 1}'), {}],
  ])('distinguishes %s', (_what, one, other) => expect(jsonHash(one)).not.toBe(jsonHash(other)));
});
