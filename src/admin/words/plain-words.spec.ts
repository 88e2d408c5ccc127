import { humanised, numberText, reasonWords, scopeWords, sizeText } from './plain-words';

it.each([
  ['newJobsCount', 'New jobs'],
  ['termsCount', 'Terms'],
  ['maxTerms', 'Max terms'],
  ['issued_calls', 'Issued calls'],
  ['docs', 'Docs'],
])('writes the name %s as %s', (name, text) => {
  expect(humanised(name)).toBe(text);
});

it.each([
  ['full', 'Full pipeline'],
  ['from:fit', 'From fit'],
  ['only:fit', 'Only fit'],
  ['from-terms', 'from-terms'],
])('writes the scope %s as %s', (scope, text) => {
  expect(scopeWords(scope)).toBe(text);
});

it.each([
  [0, '0 B'],
  [999, '999 B'],
  [1_240, '1.2 kB'],
  [999_600, '1.0 MB'],
  [41_000_000, '41 MB'],
])('writes %d bytes as %s', (bytes, text) => {
  expect(sizeText(bytes)).toBe(text);
});

it('shows an unknown reason with spaces for hyphens', () => {
  expect(reasonWords('cancelled-by-user')).toBe('stopped manually');
  expect(reasonWords('out-of-cheese')).toBe('out of cheese');
});

it('groups digits of large numbers and rounds long fractions', () => {
  expect(numberText(12_345.678_9)).toBe('12,345.679');
});
