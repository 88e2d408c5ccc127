import { wordsWithTimes } from './waiting-words';

it('finds the moments in a sentence', () => {
  const words = wordsWithTimes('Nobody since 2026-03-01T10:00:00.000Z, it says.');
  expect(words.map(({ text, at }) => at?.exact ?? text)).toEqual([
    'Nobody since ',
    '2026-03-01 10:00:00.000 UTC',
    ', it says.',
  ]);
});
