import { DocumentIds, documentLink, documentPicture, headingSlug, namesTarget } from './document-links';

const place = {
  name: 'reports/today.md',
  pageOf: (name: string) => (['all.csv', 'reports/a b.md'].includes(name) ? `/page/${name}` : null),
  pictureOf: (name: string) => (name === 'reports/dot.png' ? '/picture' : null),
};

it.each([
  ['https://example.com/#x', { type: 'page', href: 'https://example.com/#x', isOutside: true }],
  ['a%20b.md', { type: 'page', href: '/page/reports/a b.md', isOutside: false }],
  ['./a%20b.md#%C3%A4', { type: 'page', href: '/page/reports/a b.md#doc-%C3%A4', isOutside: false }],
  ['../all.csv', { type: 'page', href: '/page/all.csv', isOutside: false }],
  ['#%C3%A4', { type: 'fragment', fragment: 'ä' }],
  ['../../all.csv', { type: 'dead', target: '../../all.csv' }],
  ['none%20here.md#L3', { type: 'dead', target: 'none here.md#L3' }],
  ['/all.csv', { type: 'dead', target: '/all.csv' }],
  ['//evil.example/all.csv', { type: 'dead', target: '//evil.example/all.csv' }],
  ['ftp://evil.example', { type: 'dead', target: 'ftp://evil.example' }],
  ['%E0%A4%A', { type: 'dead', target: '%E0%A4%A' }],
])('resolves %s', (address, link) => expect(documentLink(address, place)).toEqual(link));

it('has pictures of the same run only', () => {
  expect(documentPicture('dot.png', place)).toBe('/picture');
  expect(documentPicture('https://evil.example/reports/dot.png', place)).toBeNull();
  expect(documentPicture('other.png', place)).toBeNull();
});

it.each([
  ['A b  C', 'a-b--c'],
  ['0–9', '09'],
  ['`a.b()` (Über_uns)', 'ab-über_uns'],
  ['日本語', '日本語'],
])('names the heading %s as GitHub does', (text, slug) => expect(headingSlug(text)).toBe(slug));

it('uses each id once, and finds it for a link', () => {
  const ids = new DocumentIds();
  expect([
    ids.ofHeading('A'),
    ids.ofHeading('A'),
    ids.ofAnchor('a'),
    ids.ofAnchor('b'),
    ids.ofAnchor('b'),
  ]).toEqual(['doc-a', 'doc-a-1', null, 'doc-b', null]);
  expect([ids.ofHeading('!'), ids.ofAnchor('a b'), ids.hrefOf('B'), ids.hrefOf('c')]).toEqual([
    null,
    null,
    '#doc-b',
    null,
  ]);
});

it('knows whether a text names its target', () => {
  expect(namesTarget('docs/a b.md:7', '../docs/a b.md#L7')).toBe(true);
  expect(namesTarget('9', '../docs/a b.md#L9')).toBe(true);
  expect(namesTarget('9', '../docs/a b.md')).toBe(false);
  expect(namesTarget('the words', '../docs/words.md')).toBe(false);
});
