import { parseSources } from './sources-file';

const parse = (text: string) => parseSources(text, 'sources.yaml');

describe('parseSources', () => {
  it('reads boards and feeds', () => {
    const sources = parse(`
sources:
  - { provider: greenhouse, board: acme }
  - { provider: lever, board: acme-eu, company: Acme, baseUrl: 'https://api.eu.lever.co/v0/postings/' }
  - { provider: feed, url: 'https://Example.org/jobs.rss' }
`);
    expect(sources).toMatchObject([
      {
        id: 'greenhouse:acme',
        domain: 'boards.greenhouse.io',
        company: 'acme',
        board: { name: 'acme', baseUrl: 'https://boards-api.greenhouse.io/v1/boards' },
      },
      {
        domain: 'jobs.lever.co',
        company: 'Acme',
        board: { baseUrl: 'https://api.eu.lever.co/v0/postings' },
      },
      { id: 'feed:example.org/jobs.rss', domain: 'example.org', company: '', recordings: null },
    ]);
  });

  it.each([
    ['sources: [', /not valid YAML/],
    ['- a', /mapping with a list "sources:"/],
    ['sources: []\nboards: []', /unknown key "boards"/],
    ['sources: [acme]', /entry 1: it must be a mapping/],
    ['sources: [{ board: acme }]', /entry 1: "provider" is missing/],
    ['sources: [{ provider: monster, board: a }]', /"provider" must be one of greenhouse, lever/],
    ['sources: [{ provider: lever }]', /"board" is missing/],
    ['sources: [{ provider: lever, board: 5 }]', /"board" must be a text/],
    ['sources: [{ provider: lever, board: a, url: b }]', /unknown key "url"; lever has "board"/],
    ['sources: [{ provider: feed, url: jobs.rss }]', /"url" must be an address/],
    ['sources: [{ provider: feed, url: "file:///etc/passwd" }]', /"url" must be an address/],
    ['sources: [{ provider: lever, board: a }, { provider: lever, board: a }]', /"lever:a" is listed twice/],
    [
      'sources: [{ provider: sample, format: lever, domain: a.com, board: b, recordings: [../x] }]',
      /"recordings" must be a list of one or two files/,
    ],
  ])('rejects %s', (text, message) => expect(() => parse(text)).toThrow(message));
});
