import { containsPhrase, wordsOf } from './words';

it.each([
  ['Senior Data Engineers (m/f/d)', ['senior', 'data', 'engineer', 'm', 'f', 'd']],
  ['C++, C# and Node.js.', ['c++', 'c#', 'and', 'node.js']],
  ['Zürich – Développeuse', ['zurich', 'developpeuse']],
  ['Business class', ['business', 'class']],
  ['Инженер 2026', ['инженер', '2026']],
  [' ,;- ', []],
])('finds the words of %j', (text, words) => expect(wordsOf(text)).toEqual(words));

it('finds a phrase only if its words follow one another', () => {
  expect(containsPhrase(wordsOf('A senior data engineer'), ['data', 'engineer'])).toBe(true);
  expect(containsPhrase(wordsOf('An engineer for data'), ['data', 'engineer'])).toBe(false);
  expect(containsPhrase(['data'], ['data', 'engineer'])).toBe(false);
});
