import { lineRange, rangeName } from './line-range';

it.each([
  ['4', { first: 4, last: 4 }],
  ['4-9', { first: 4, last: 9 }],
  ['9-4', { first: 4, last: 9 }],
  ['0', null],
  ['4-', null],
  ['L4-L9', null],
  ['1234567890123456', null],
])('reads %s', (text, range) => expect(lineRange(text)).toEqual(range));

it('names a range as in the address', () => {
  expect(rangeName({ first: 4, last: 4 })).toBe('L4');
  expect(rangeName({ first: 4, last: 9 })).toBe('L4-L9');
});
