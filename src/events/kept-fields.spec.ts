import { keptFields } from './kept-fields';

const MIB = 1024 * 1024;

it.each([
  ['with the largest payload', { eventId: 'e', payload: 'x'.repeat(MIB) }],
  ['with unknown fields', Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`f${n}`, 'x']))],
])('keeps all fields of an event %s', (_what, fields) =>
  expect(keptFields(fields)).toEqual({ fields, receivedBytes: null }),
);

it.each([
  ['a payload that is too large', { eventId: 'e', payload: 'x'.repeat(2 * MIB) }, 2 * MIB + 15],
  ['a name that is too large', { ['n'.repeat(2 * MIB)]: 'x' }, 2 * MIB + 1],
  ['too many fields', Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`${n + 10}`, 'x'])), 153],
  ['text of several bytes a character', { payload: 'ä'.repeat(MIB) }, 2 * MIB + 7],
])('keeps the start of an event with %s, and its size', (_what, fields, receivedBytes) => {
  const kept = keptFields(fields);
  expect(kept.receivedBytes).toBe(receivedBytes);
  expect(JSON.stringify(kept.fields).length).toBeLessThan(50_000);
  expect(Object.keys(kept.fields).length).toBeGreaterThan(0);
});
