import { metricsInShort, paramsInShort } from './in-short';

it('lists parameters in short, truncated to a limited length and number', () => {
  expect(paramsInShort({ tag: 'v1.2', count: 4000, deep: true, note: '' })).toBe(
    'tag v1.2 · count 4000 · deep true · note “”',
  );
  expect(paramsInShort({ text: `one\ntwo ${'🙂'.repeat(40)}` })).toBe(`text one two ${'🙂'.repeat(23)}…`);
  expect(paramsInShort({ hosts: ['a', 'b'], none: [] })).toBe('hosts a, b · none []');
  const many = Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`p${index}`, index]));
  expect(paramsInShort(many)).toBe('p0 0 · p1 1 · p2 2 · p3 3 · p4 4 · p5 5 · 2 more');
  expect(paramsInShort({})).toBeNull();
});

it('lists the metrics that the project declares', () => {
  expect(metricsInShort({ filesCount: 1234, other: 1 }, ['errorsCount', 'filesCount'])).toBe('Files 1,234');
  expect(metricsInShort({}, ['toString'])).toBeNull();
});
