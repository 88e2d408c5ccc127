import type { AllowedDomain, Query } from '../../inputs/run-inputs';
import { queriesPage, type QueriesPageFacts } from './queries-page';

const query = (queryId: string, text: string, isEnabled = true): Query => ({ queryId, text, isEnabled });
const pageOf = (
  queries: Query[] | null,
  domains: AllowedDomain[] = [],
  more: Partial<QueriesPageFacts> = {},
) =>
  queriesPage({
    queries: { path: 'config/queries.yaml', content: queries, problems: [] },
    allowlists: { path: 'config/allowlists.yaml', content: domains, problems: [] },
    count: { queries: 1, domains: 2, searches: 2 },
    refusal: null,
    users: [],
    ...more,
  });

it('has a row with the opposite state for each item, in the order of the file', () => {
  const { queries, domains } = pageOf(
    [query('b', 'Rust'), query('a', 'Go', false)],
    [{ domain: 'a.com', isEnabled: true }],
  );
  expect(
    queries.rows.map(({ key, value, text, isEnabled, next }) => [key, value, text, isEnabled, next]),
  ).toEqual([
    ['query-0', 'b', 'Rust', true, 'false'],
    ['query-1', 'a', 'Go', false, 'true'],
  ]);
  expect(queries).toMatchObject({ action: '/queries/query', hasValidVersion: true, more: null });
  expect(domains.rows).toMatchObject([{ key: 'domain-0', value: 'a.com', text: null, next: 'false' }]);
});

it('names the first item of those that give the same searches', () => {
  const { queries, domains } = pageOf(
    [query('off', 'go', false), query('one', 'Go  on'), query('two', 'go ON'), query('three', 'Zig')],
    [
      { domain: 'A.com', isEnabled: true },
      { domain: 'a.com', isEnabled: true },
    ],
  );
  expect(queries.rows.map(({ sameAs }) => sameAs)).toEqual([null, null, 'one', null]);
  expect(domains.rows.map(({ sameAs }) => sameAs)).toEqual([null, 'A.com']);
});

it('shows the start of a long name, and sends all of it', () => {
  const long = 'x'.repeat(1000);
  const [row] = pageOf([query(long, long)]).queries.rows;
  expect(row).toMatchObject({ value: long, name: expect.stringMatching(/^x{300} … \(1000 characters\)$/) });
});

it('shows 500 rows of a list, and the number of the others', () => {
  const { queries } = pageOf(Array.from({ length: 10_000 }, (_, n) => query(`q${n}`, `text ${n}`)));
  expect([queries.rows.length, queries.more]).toEqual([500, '9,500']);
});

it('has no rows without a valid version, and names the problems', () => {
  const problems = [{ file: 'queries.yaml', line: 3, reason: 'not so' }];
  const { queries } = pageOf(null, [], { queries: { path: 'c/queries.yaml', content: null, problems } });
  expect(queries).toMatchObject({
    path: 'c/queries.yaml',
    rows: [],
    hasValidVersion: false,
    problems: [{ line: 3, reason: 'not so' }],
  });
});

it('counts the searches, and names the projects that get them', () =>
  expect(pageOf([], [], { users: [{ projectId: 'jobs', name: 'Jobs' }] })).toMatchObject({
    count: '1 query × 2 domains = 2 searches',
    users: [{ name: 'Jobs', href: '/projects/jobs' }],
  }));
