import { after, aNewRun, LATER, START } from '../../../test/support/a-run';
import type { RunInput } from '../../events/run-event';
import type { Run } from '../../runs/run';
import { runSearches } from './run-searches';

const input = (queryText: string, domain = 'a.com'): RunInput => ({
  queryId: queryText,
  queryText,
  domain,
  searchQuery: `site:${domain} ${queryText}`,
});
const empty = (queryText: string, domain = 'a.com') => ({ queryText, domain, occurredAt: START });
const ended = (zeroResults?: ReturnType<typeof empty>[], issuedCalls: number | null = null): Run => ({
  ...after(aNewRun({ executor: 'external' }), [
    { type: 'complete', occurredAt: LATER, payload: { zeroResults } },
  ]),
  issuedCalls,
});
const inputs = [input('Rust'), input('Go'), input('Go', 'b.org')];

it('are absent for a run without searches, unless the project has inputs', () => {
  expect(runSearches(ended(), null, false)).toBeNull();
  expect(runSearches(ended(undefined, 3), null, false)).toBeNull();
  expect(runSearches(ended(), null, true)).toMatchObject({
    rows: [],
    note: 'The searches of this run were not stored.',
  });
});

it('show those without results first, regardless of case and white space', () => {
  const shown = runSearches(ended([empty(' go ', 'B.ORG')], 12), inputs, true)!;
  expect(shown).toMatchObject({ lead: '3 searches, 1 without results, 12 calls', note: null, more: [] });
  expect(shown.rows.map(({ searchQuery, emptyAt }) => [searchQuery, emptyAt !== null])).toEqual([
    ['site:b.org Go', true],
    ['site:a.com Rust', false],
    ['site:a.com Go', false],
  ]);
});

it('show a search that the run was not started with', () => {
  const shown = runSearches(ended([empty('Zig'), empty('zig')]), [input('Rust')], true)!;
  expect(shown.lead).toBe('1 search, 1 without results');
  expect(shown.rows.map(({ query, searchQuery }) => [query, searchQuery])).toEqual([
    ['zig', null],
    ['Rust', 'site:a.com Rust'],
  ]);
  expect(runSearches(ended([empty('Zig')]), null, false)).toMatchObject({ lead: '1 without results' });
});

it.each<[string, Run, string | null]>([
  ['an active run', aNewRun(), 'A run reports searches without results when it ends.'],
  ['a run without a report', ended(), 'This run reported no list of searches without results.'],
  ['a run that reported none', ended([], 1), null],
])('say what is unknown of %s', (_what, run, note) =>
  expect(runSearches(run, inputs, true)!.note).toBe(note),
);

it('count one call in the singular', () =>
  expect(runSearches(ended([], 1), inputs, true)!.lead).toBe('3 searches, 0 without results, 1 call'));

it('fold long lists, and leave the rest to the API', () => {
  const many = (count: number) => Array.from({ length: count }, (_, n) => input(`q${n}`));
  expect(runSearches(ended(), many(10), true)).toMatchObject({ more: [], moreLabel: null, all: null });
  expect(runSearches(ended(), many(12), true)).toMatchObject({ moreLabel: 'Show 2 more', all: null });
  const shown = runSearches(ended([empty('q2999')]), many(3000), true)!;
  expect([shown.rows.length, shown.more.length, shown.all]).toEqual([10, 190, '3,000']);
  expect(shown.rows[0]).toMatchObject({ query: 'q2999', emptyAt: expect.anything() });
});
