import { jobIdOf, normalisedUrl } from './normalised-url';

const PLAIN = 'https://example.com/jobs/5';

describe('normalisedUrl', () => {
  it.each([
    ['the scheme', 'http://example.com/jobs/5'],
    ['the case of the host', 'HTTPS://EXAMPLE.com/jobs/5'],
    ['the default port', 'https://example.com:443/jobs/5'],
    ['a dot after the host', 'https://example.com./jobs/5'],
    ['a slash at the end', 'https://example.com/jobs/5/'],
    ['a fragment', 'https://example.com/jobs/5#apply'],
    ['tracking parameters', 'https://example.com/jobs/5?utm_source=x&gh_src=abc&fbclid=1'],
  ])('ignores %s', (_what, url) => expect(normalisedUrl(url)).toBe(PLAIN));

  it.each([
    'https://example.com/jobs/6',
    'https://example.com/Jobs/5',
    'https://example.com:8080/jobs/5',
    'https://jobs.example.com/jobs/5',
    'https://example.com/jobs/5?id=2',
    'https://example.com/jobs/5#/apply',
  ])('keeps %s apart', (url) => expect(jobIdOf(url)).not.toBe(jobIdOf(PLAIN)));

  it('sorts parameters', () =>
    expect(normalisedUrl('https://a.com/?b=2&a=1&utm_medium=z')).toBe('https://a.com?a=1&b=2'));
});
