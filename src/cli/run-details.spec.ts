import { PassThrough } from 'node:stream';
import { aNewRun, LATER, START } from '../../test/support/a-run';
import { type RunDetailView, toRunDetailView, toRunView } from '../runs/run-view';
import { runDetails } from './run-details';
import { Terminal } from './terminal';

const runInputs = ['Rust', 'Go'].map((queryText) => ({
  queryId: queryText,
  queryText,
  domain: 'a.com',
  searchQuery: `site:a.com ${queryText}`,
}));
const shown = (more: Partial<RunDetailView>) => {
  const run = aNewRun();
  const terminal = new Terminal(new PassThrough() as unknown as NodeJS.WriteStream);
  const view = { ...toRunDetailView(run, toRunView(run, null, LATER)), ...more };
  return runDetails(terminal, view, 'http://page', Date.parse(LATER)).join('\n');
};
const empty = (queryText: string) => ({ queryText, domain: 'a.com', occurredAt: START });

it('names the result, or why it is not used', () => {
  const result = { state: 'accepted' as const, name: 'jobs.db', size: 45_000, flaw: null };
  expect(shown({ result })).toMatch(/^Result +jobs\.db, 45 kB$/m);
  const missing = { ...result, state: 'result-missing' as const, size: null };
  expect(shown({ result: missing })).toMatch(/^Result +jobs\.db, not used \(result-missing\)$/m);
  expect(shown({})).not.toMatch(/^Result /m);
});

it('has no lines about searches and calls for a run without them', () =>
  expect(shown({})).not.toMatch(/Searches|Calls/));

it('counts searches and calls, and lists the searches without results', () => {
  const text = shown({ runInputs, zeroResults: [empty('Go\u001b[31m')], issuedCalls: 0 });
  expect(text).toMatch(/^Searches +2, 1 reported without results$/m);
  expect(text).toMatch(/^Calls +0$/m);
  expect(text).toMatch(/^Searches without results\n {2}a\.com +Go/m);
  expect(text).not.toContain('\u001b[31m');
  expect(shown({ runInputs })).toMatch(/^Searches +2$/m);
});

it('lists 20 of many, and says how to see the others', () => {
  const zeroResults = Array.from({ length: 25 }, (_, n) => empty(`q${n}`));
  const text = shown({ zeroResults });
  expect(text.match(/ q\d+$/gm)).toHaveLength(20);
  expect(text).toMatch(/^ {2}and 5 more: show \S+ --json$/m);
});
