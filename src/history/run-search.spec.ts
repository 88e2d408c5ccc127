import { isFound, plainPart, type SearchedRun } from './run-search';

const RUN: SearchedRun = {
  runId: '019ae000-1234-7000-8000-00000000abcd',
  number: 14,
  statusReason: 'step-failed',
  error: { code: 'NETWORK_ERROR', message: 'Connection to "db-7" refused\nafter 3 tries' },
  params: { day: '2026-03-31', hosts: ['a.example', 'Größe 50%'], limit: 4000, dryRun: true },
  secretParams: ['password'],
  workerId: 'worker-b',
  triggeredByName: 'Ada',
  artifacts: [{ name: 'Report_Q1.csv', size: 1234 }],
};

describe('search for a run', () => {
  it.each([
    ['its number', '14'],
    ['its number with a sign', '#14'],
    ['its id', RUN.runId],
    ['the start of its id, in upper case', '019AE000'],
    ['the name of a param', 'DRYRUN'],
    ['the value of a param', '03-31'],
    ['an item of a list', 'A.EXAMPLE'],
    ['letters of other languages in any case', 'GRÖßE'],
    ['a number as value', '4000'],
    ['the name of a secret param', 'passw'],
    ['the code of its error', 'network_error'],
    ['the text of its error, with quotation marks', '"DB-7" refused'],
    ['its reason', 'step-failed'],
    ['its worker', 'worker-b'],
    ['who started it', 'ada'],
    ['the name of an artifact', 'report_q1'],
  ])('finds it by %s', (_what, text) => expect(isFound(RUN, { text })).toBe(true));

  it.each([
    ['another number', '#1'],
    ['a number that contains its number', '#140'],
    ['the end of its id', 'abcd'],
    ['a short start of its id', '019'],
    ['names of JSON members', 'message'],
    ['the size of an artifact', '1234'],
    ['JSON between values', '","'],
    ['wildcards of SQL', 'report%csv'],
    ['a wildcard of SQL for one character', 'worker_b'],
    ['a regular expression', 'report.*'],
  ])('does not find it by %s', (_what, text) => expect(isFound(RUN, { text })).toBe(false));

  it('looks for the name of an artifact only among artifacts', () => {
    expect(isFound(RUN, { artifact: 'q1.CSV' })).toBe(true);
    expect(isFound(RUN, { artifact: 'Ada' })).toBe(false);
    expect(isFound(RUN, { artifact: 'csv', text: 'nowhere' })).toBe(false);
  });
});

describe('plainPart', () => {
  it.each([
    ['report_q1', 'report_q1'],
    ['Größe 50%', 'e 50%'],
    ['a"longer"b', 'longer'],
    ['back\\slash', 'slash'],
    ['ü', ''],
  ])('of %s is "%s"', (text, part) => expect(plainPart(text)).toBe(part));

  it('is in the JSON of each text that contains the search text', () => {
    const text = 'say "hello there" \\ Größe\t50%';
    expect(JSON.stringify({ value: `before ${text} after` })).toContain(plainPart(text));
  });
});
