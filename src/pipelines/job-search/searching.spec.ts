import type { Posting } from './posting';
import { answerSearches } from './searching';
import type { SourceOutcome } from './source-reader';

const posting = (title: string, source = 'lever:acme'): Posting => ({
  source,
  url: `https://example.com/${encodeURIComponent(title)}`,
  title,
  company: '',
  location: '',
  postedAt: null,
  text: '',
  recordedHtml: null,
});

function outcome(domain: string, titles: string[], state: SourceOutcome['state'] = 'read'): SourceOutcome {
  return {
    source: {
      id: `lever:${domain}`,
      format: 'lever',
      domain,
      board: { name: '', baseUrl: '' },
      company: '',
      recordings: null,
    },
    state,
    postings: titles.map((title) => posting(title, `lever:${domain}`)),
    invalidCount: 0,
    problem: null,
  };
}

const search = (queryText: string, domain = 'a.com') => ({ queryId: queryText, queryText, domain });

describe('answerSearches', () => {
  it('finds a posting once for several queries', () => {
    const { postings } = answerSearches(
      [search('engineer'), search('data')],
      [outcome('a.com', ['Data Engineer', 'Engineer', 'Cook'])],
    );
    expect(postings.map(({ title, queries }) => [title, queries])).toEqual([
      ['Data Engineer', ['engineer', 'data']],
      ['Engineer', ['engineer']],
    ]);
  });

  it('asks only the sources of the domain', () => {
    const { postings } = answerSearches(
      [search('cook', 'b.com')],
      [outcome('a.com', ['Cook']), outcome('b.com', [])],
    );
    expect(postings).toEqual([]);
  });

  it('reports a search without results only if all its sources were read', () => {
    const states = (...list: SourceOutcome['state'][]) =>
      answerSearches(
        [search('cook')],
        list.map((state) => outcome('a.com', [], state)),
      ).zeroResults;
    expect(states('read', 'read')).toEqual([{ queryText: 'cook', domain: 'a.com' }]);
    for (const state of ['unknown', 'failed', 'cut'] as const) expect(states('read', state)).toEqual([]);
  });

  it('reports a domain without a source, and no zero result for it', () => {
    const { domainsWithoutSource, zeroResults } = answerSearches(
      [search('cook', 'c.com'), search('chef', 'c.com')],
      [outcome('a.com', [])],
    );
    expect(domainsWithoutSource).toEqual(['c.com']);
    expect(zeroResults).toEqual([]);
  });
});
