import { searchCountWords } from './search-words';

it.each([
  [2, 2, '2 queries × 2 domains = 4 searches'],
  [1, 2, '1 query × 2 domains = 2 searches'],
  [1, 1, '1 query × 1 domain = 1 search'],
  [0, 3, '0 queries × 3 domains = 0 searches'],
  [1000, 50, '1,000 queries × 50 domains = 50,000 searches'],
])('%d times %d are written with their units', (queries, domains, words) =>
  expect(searchCountWords({ queries, domains, searches: queries * domains })).toBe(words),
);
