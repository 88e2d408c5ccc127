import { reasonWords } from '../../runs/reason-words';
import { scopeWords } from './status-words';

it.each([
  ['full', 'Full pipeline'],
  ['from:fit', 'From fit'],
  ['only:fit', 'Only fit'],
  ['from-terms', 'from-terms'],
])('writes the scope %s as %s', (scope, text) => {
  expect(scopeWords(scope)).toBe(text);
});

it('shows an unknown reason with spaces for hyphens', () => {
  expect(reasonWords('cancelled-by-user')).toBe('stopped manually');
  expect(reasonWords('out-of-cheese')).toBe('out of cheese');
});
