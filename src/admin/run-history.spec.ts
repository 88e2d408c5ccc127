import { aNewRun, LATER, RUN_ID } from '../../test/support/a-run';
import { runHistory } from './run-history';

const page = { items: [aNewRun()], nextCursor: RUN_ID };

it('shows each run with one cell a step, in words too', () => {
  const { rows } = runHistory('demo', page, { status: null, cursor: null }, LATER);
  expect(rows).toMatchObject([
    { href: `/runs/${RUN_ID}`, scope: 'Full pipeline', trigger: 'through the API' },
  ]);
  expect(rows[0]!.cells.map(({ label }) => label)).toEqual([
    'fetch: pending',
    'parse: pending',
    'report: pending',
  ]);
});

it('leads to older runs with the same filter, and back to the newest', () => {
  const history = runHistory('demo', page, { status: 'running', cursor: RUN_ID }, LATER);
  expect(history.olderHref).toBe(`/projects/demo?status=running&cursor=${RUN_ID}#run-history`);
  expect(history.newestHref).toBe('/projects/demo?status=running#run-history');
  expect(history.filters.filter(({ isCurrent }) => isCurrent).map(({ label }) => label)).toEqual(['Running']);
});

it('tells an empty filter from an empty project', () => {
  const empty = { items: [], nextCursor: null };
  const textFor = (status: 'failed' | null) =>
    runHistory('demo', empty, { status, cursor: null }, LATER).emptyText;
  expect(textFor(null)).toContain('Press Run');
  expect(textFor('failed')).toBe('No run of this project is failed.');
});
