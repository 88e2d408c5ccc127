import type { Definition } from './definitions';
import { contradiction, issuesOf, sameThing } from './issue-finding';
import type { DefinedTerm } from './provisional';
import { termKey } from './words';

const definition = (text: string, more: Partial<Definition> = {}): Definition => ({
  text,
  kind: 'copula',
  confidence: 0.85,
  document: 'a.md',
  line: 1,
  ...more,
});

const term = (name: string, more: Partial<DefinedTerm> = {}): DefinedTerm => ({
  key: termKey(name),
  term: name,
  alsoWritten: [],
  score: 10,
  frequency: 9,
  documentsCount: 2,
  expansions: [],
  required: false,
  code: false,
  everyday: false,
  definition: definition(`A ${name} keeps the worker near its run until the end.`),
  alternatives: [],
  occurrences: [{ document: 'a.md', line: 3, context: `The ${name}.` }],
  ...more,
});

const kinds = (one: DefinedTerm, all: DefinedTerm[] = [one]) =>
  issuesOf(one, all, { minConfidence: 0.4, minScore: 2 }).map(({ kind }) => kind);

describe('issuesOf', () => {
  it('finds no issue in a well-defined term', () => expect(kinds(term('lease'))).toEqual([]));

  it.each<[string, Partial<DefinedTerm>]>([
    ['required-but-missing', { required: true, frequency: 0, definition: null, occurrences: [] }],
    ['no-definition', { definition: null }],
    ['no-definition', { definition: definition('The lease ended.', { kind: 'mention', confidence: 0.2 }) }],
    ['not-worth-keeping', { definition: null, frequency: 2 }],
    [
      'not-worth-keeping',
      { definition: definition('A lease keeps runs near.', { confidence: 0.3 }), score: 3 },
    ],
    [
      'weak-definition',
      { definition: definition('A lease must hold the worker there.', { confidence: 0.35 }) },
    ],
    ['unclear-definition', { definition: definition('This claim holds the run as described above.') }],
    ['circular', { definition: definition('A lease is the lease of one.') }],
    [
      'too-generic',
      { everyday: true, definition: definition('A lease holds a run there.', { confidence: 0.45 }) },
    ],
  ])('finds %s', (kind, more) => expect(kinds(term('lease', more))).toEqual([kind]));

  it('never reports a required term as not worth keeping', () => {
    expect(kinds(term('lease', { required: true, definition: null, frequency: 1 }))).toEqual([
      'no-definition',
    ]);
  });

  it('reports acronyms without an expansion, except for well-known ones', () => {
    const unexplained = definition('XYZ keeps the worker there.', { kind: 'subject', confidence: 0.5 });
    expect(kinds(term('XYZ', { definition: unexplained }))).toEqual(['undefined-acronym']);
    expect(kinds(term('XYZ', { definition: unexplained, expansions: ['x y z'] }))).toEqual([]);
    expect(kinds(term('HTTP', { definition: unexplained }))).toEqual([]);
  });

  it('reports a duplicate pair once, for the less important term', () => {
    const words = term('pool size');
    const code = term('poolSize', { code: true, frequency: 20 });
    expect(kinds(words, [words, code])).toEqual([]);
    expect(kinds(code, [words, code])).toEqual(['near-duplicate']);
  });

  it('finds two terms that define each other', () => {
    const lease = term('lease', { definition: definition('A lease is a kind of claim.') });
    const claim = term('claim', { definition: definition('A claim is a kind of lease.') });
    expect(kinds(lease, [lease, claim])).toContain('circular');
  });

  it('explains an issue in full sentences, with a place to check', () => {
    const [issue] = issuesOf(term('lease', { definition: null }), [], { minConfidence: 0.4, minScore: 2 });
    expect(issue).toMatchObject({
      explanation: '“lease” is used 9 times in 2 documents, and none says what it is.',
      suggestion: 'Add a sentence “Lease is …” to a.md.',
      places: [{ document: 'a.md', line: 3 }],
    });
  });
});

describe('contradiction', () => {
  const at = (text: string, line: number) => definition(text, { line });
  const between = (a: string, b: string) => contradiction(at(a, 1), at(b, 2), 'lease');

  it('detects different numbers, a negation and unrelated definitions', () => {
    expect(
      between('A lease is a claim of 30 seconds on a run.', 'A lease is a claim of 60 seconds on a run.'),
    ).toEqual({
      severity: 'error',
      how: 'the numbers differ',
    });
    expect(
      between('A lease is a claim that ends by itself.', 'A lease is a claim that never ends by itself.'),
    ).toEqual({
      severity: 'error',
      how: 'one denies what the other says',
    });
    expect(
      between('A lease is a claim that ends by itself.', 'A lease is the contract over some rented flat.'),
    ).toEqual({
      severity: 'warning',
      how: 'two definitions have not one word in common',
    });
  });

  it('ignores a paraphrase', () => {
    expect(
      between('A lease is a claim that ends by itself.', 'A lease is a claim on a run with an end.'),
    ).toBeNull();
  });
});

describe('sameThing', () => {
  it('matches spellings and acronyms, and separates words that only look similar', () => {
    expect(sameThing(term('pool size'), term('poolSize'))).toBe('only the spelling differs');
    expect(sameThing(term('SSE', { expansions: ['server-sent events'] }), term('Server-Sent Events'))).toBe(
      'SSE is short for it',
    );
    expect(sameThing(term('serialisation'), term('serialization'))).toBe('one letter differs');
    expect(sameThing(term('comparison'), term('comparator'))).toBeNull();
    expect(sameThing(term('version 2'), term('version 3'))).toBeNull();
  });
});
