import { RESULT_FLAWS, offerOf, type RunResult } from './run-result';
import { whyNotLive } from './result-text';

describe('offerOf', () => {
  const rule = { artifact: 'named.csv', partial: false };

  it.each([
    ['the file that a step reported', { result: { path: 'a.csv' } }, null, { below: 'run', path: 'a.csv' }],
    [
      'the file of a worker on this machine',
      { resultsDb: 'db/a.db' },
      null,
      { below: 'data', path: 'db/a.db' },
    ],
    ['the artifact of the project file', {}, rule, { below: 'run', path: 'named.csv' }],
    [
      'a reported file before the artifact',
      { result: { path: 'a.csv' } },
      rule,
      { below: 'run', path: 'a.csv' },
    ],
    [
      'a reported file before resultsDb',
      { result: { path: 'a' }, resultsDb: 'b' },
      null,
      { below: 'run', path: 'a' },
    ],
    ['nothing', {}, null, null],
    ['nothing for resultsDb: null', { resultsDb: null }, null, null],
  ])('is %s', (_what, payload, project, expected) => expect(offerOf(payload, project)).toEqual(expected));
});

describe('the words about a result', () => {
  it('are none for one that went live', () =>
    expect(whyNotLive({ state: 'accepted', file: 'results/a/1-00000000/a.csv', size: 1 })).toBeNull());

  it.each<RunResult>([
    { state: 'result-missing', offered: 'a.csv' },
    { state: 'partial', offered: 'a.csv' },
    ...RESULT_FLAWS.map((flaw) => ({ state: 'result-invalid' as const, offered: 'a.csv', flaw })),
  ])('name the file and the reason: %j', (result) => expect(whyNotLive(result)).toMatch(/^a\.csv \w.*\.$/));
});
