import type { Definition } from './definitions';
import { issuesOf } from './issue-finding';
import type { DefinedTerm } from './provisional';
import { refine } from './refining';
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
  documentsCount: 1,
  expansions: [],
  required: false,
  code: false,
  everyday: false,
  definition: definition(`A ${name} keeps a reader near something until the end.`),
  alternatives: [],
  occurrences: [{ document: 'a.md', line: 3, context: `The ${name}.` }],
  ...more,
});

const options = { minConfidence: 0.4, minScore: 2 };
const refined = (...terms: DefinedTerm[]) =>
  refine(
    terms,
    terms.flatMap((one) => issuesOf(one, terms, options)),
    options.minConfidence,
  );

describe('refine', () => {
  it('merges an acronym with its expansion, and keeps the better definition', () => {
    const short = term('SSE', {
      frequency: 3,
      expansions: ['Server-Sent Events'],
      definition: definition('Short for Server-Sent Events.', { kind: 'expansion', confidence: 0.45 }),
    });
    const long = term('Server-Sent Events', {
      definition: definition('Server-Sent Events are lines that a server pushes.'),
    });
    const { terms, resolved } = refined(long, short);
    expect(terms).toHaveLength(1);
    expect(terms[0]).toMatchObject({
      term: 'Server-Sent Events',
      alsoCalled: ['SSE'],
      occurrencesCount: 12,
      definition: 'Server-Sent Events are lines that a server pushes.',
    });
    expect(resolved).toEqual([
      { kind: 'near-duplicate', term: 'SSE', outcome: 'merged into “Server-Sent Events”' },
    ]);
  });

  it('drops terms that are too generic or not worth keeping, and reports them', () => {
    const { terms, undefinedTerms, resolved } = refined(
      term('lease'),
      term('file', {
        everyday: true,
        definition: definition('A file holds some text there.', { confidence: 0.45 }),
      }),
      term('odd one', { definition: null, frequency: 2 }),
    );
    expect(terms.map((one) => one.term)).toEqual(['lease']);
    expect(undefinedTerms).toEqual([]);
    expect(resolved.map(({ kind, term: name, outcome }) => [kind, name, outcome])).toEqual([
      ['too-generic', 'file', 'left out'],
      ['not-worth-keeping', 'odd one', 'left out'],
    ]);
  });

  it('replaces a definition with missing context by a complete sentence', () => {
    const sound = definition('A lease is a claim on a run that ends.', { confidence: 0.6, line: 7 });
    const unclear = definition('This claim holds the run as described above.', { confidence: 0.65 });
    const { terms, openIssuesCount } = refined(term('lease', { definition: unclear, alternatives: [sound] }));
    expect(terms[0]).toMatchObject({ definition: sound.text, sources: [{ document: 'a.md', line: 7 }] });
    expect(openIssuesCount).toBe(0);
  });

  it('joins two weak definitions into a better one', () => {
    const first = definition('The lease keeps others away.', { kind: 'subject', confidence: 0.35 });
    const second = definition('The lease ends when its worker falls silent.', {
      kind: 'subject',
      confidence: 0.35,
      line: 9,
    });
    const { terms } = refined(term('lease', { definition: first, alternatives: [second] }));
    expect(terms[0]).toMatchObject({
      definition: 'The lease keeps others away. The lease ends when its worker falls silent.',
      confidence: 0.45,
      openIssues: [],
    });
  });

  it('keeps an unresolved issue with its term', () => {
    const other = definition('A lease is the contract over some rented flat.', { line: 9 });
    const { terms, openIssuesCount } = refined(term('lease', { alternatives: [other] }));
    expect(terms[0]?.openIssues.map(({ kind }) => kind)).toEqual(['contradictory-definitions']);
    expect(terms[0]?.alsoDefinedAs).toEqual([
      { definition: other.text, source: { document: 'a.md', line: 9 } },
    ]);
    expect(openIssuesCount).toBe(1);
  });

  it('lists terms without a definition, and required terms without a use', () => {
    const result = refined(
      term('lease'),
      term('outbox', { definition: null }),
      term('fence', { required: true, frequency: 0, definition: null, occurrences: [] }),
    );
    expect(result.undefinedTerms.map((one) => one.term)).toEqual(['outbox']);
    expect(result.missingTerms).toEqual(['fence']);
    expect(result.openIssuesCount).toBe(2);
  });

  it('links each term to terms in its definition and to related terms, in both directions', () => {
    const { terms } = refined(
      term('stream', { definition: definition('A stream is a list that only grows at its end.') }),
      term('event stream', { definition: definition('The facts about all runs in their order.') }),
      term('worker', { definition: definition('A worker is what reads the event stream and acts.') }),
    );
    expect(terms.map((one) => [one.term, one.seeAlso])).toEqual([
      ['event stream', ['stream', 'worker']],
      ['stream', ['event stream', 'worker']],
      ['worker', ['event stream', 'stream']],
    ]);
  });
});
