import type { Corpus } from './corpus';
import { findCandidates } from './candidates';
import { casingOf, sizeOf } from './extract';
import { sentencesOf } from './language';
import { parseMarkdown } from './markdown';
import { rankTerms, type RankingOptions } from './termhood';

function rank(sources: string[], options: Partial<RankingOptions> = {}) {
  const documents = sources.map((source, index) => parseMarkdown(`${index}.md`, source));
  const corpus: Corpus = { docs: '.', root: '/', documents, skipped: [], unreadable: [] };
  const casing = casingOf(corpus);
  const sentences = documents.flatMap((document) => sentencesOf(document, casing));
  const all = { maxTerms: 50, minOccurrences: 2, minScore: 0.5, excluded: [], required: [], ...options };
  return rankTerms(findCandidates(sentences, casing, all.required), sizeOf(sentences, documents.length), all);
}

const LEASES = [
  'A lease is a claim on a run that ends by itself. The worker renews the lease. Leases that end free the run.',
  'Every worker holds a lease. The event stream tells the worker of a run. Another way is an example of a thing.',
  'The event stream is read by one worker. The event stream keeps each lease. This is a good way and a nice thing.',
];

describe('rankTerms', () => {
  it('ranks technical terms, and excludes everyday words', () => {
    const terms = rank(LEASES).map(({ term }) => term);
    expect(terms.slice(0, 3)).toEqual(expect.arrayContaining(['lease', 'event stream']));
    for (const word of ['way', 'thing', 'example', 'good way']) expect(terms).not.toContain(word);
  });

  it('counts plurals with their singular, and returns the singular', () => {
    expect(rank(LEASES).find(({ key }) => key === 'lease')).toMatchObject({
      term: 'lease',
      frequency: 5,
      documentsCount: 3,
    });
  });

  it('prefers a phrase to a part that never occurs alone', () => {
    const terms = rank(LEASES).map(({ term }) => term);
    expect(terms).toContain('event stream');
    expect(terms).not.toContain('stream');
  });

  it('applies the term list, including plurals', () => {
    const ranked = rank(LEASES, { excluded: ['Leases'], required: ['claim', 'outbox'] });
    expect(ranked.map(({ term }) => term)).not.toContain('lease');
    expect(ranked.filter(({ required }) => required).map(({ term, frequency }) => [term, frequency])).toEqual(
      [
        ['claim', 1],
        ['outbox', 0],
      ],
    );
  });

  it('keeps required terms beyond the limit', () => {
    expect(rank(LEASES, { maxTerms: 1, required: ['claim', 'outbox'] }).map(({ term }) => term)).toEqual([
      'claim',
      'outbox',
    ]);
  });

  it('keeps an everyday word only if the text marks and defines it', () => {
    const marked = ['- **project**: a thing that is run\n\nA project has steps. The project is a file.'];
    expect(rank(marked).map(({ term }) => term)).toContain('project');
    expect(
      rank(['A project has steps. The project is a file. One project at a time.']).map(({ term }) => term),
    ).toEqual([]);
  });

  it('is deterministic', () => expect(rank(LEASES)).toEqual(rank(LEASES)));
});
