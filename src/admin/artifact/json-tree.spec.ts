import { type JsonNode, jsonTree } from './json-tree';

/** Returns the tree as lines, two spaces deeper per level; `>` is a folded value. */
function lines({ name, value, count, hint, isOpen, children, left }: JsonNode, indent = ''): string[] {
  const label = `${indent}${name === null ? '' : `${name} `}`;
  if (value !== null) return [label + value];
  return [
    `${label}${isOpen ? '' : '>'}${count}${hint === null ? '' : ` ${hint}`}`,
    ...children.flatMap((child) => lines(child, `${indent}  `)),
    ...(left > 0 ? [`${indent}  …${left}`] : []),
  ];
}
const of = (source: string) => lines(jsonTree(source)!);
const long = JSON.stringify('x'.repeat(100));

it('keeps short values in one line, and texts as in the file', () =>
  expect(
    of(String.raw`{"a":[1, 2.0,${'\n'} 12345678901234567890],"b":{},"c":"\u00e9\"","d":null,"d":-1e9}`),
  ).toEqual([
    '5 "\\u00e9\\""',
    '  "a" [1, 2.0, 12345678901234567890]',
    '  "b" {}',
    '  "c" "\\u00e9\\""',
    '  "d" null',
    '  "d" -1e9',
  ]));

it('folds values below the second level, with a hint', () =>
  expect(of(`{"terms":[{"n":1,"term":"lease","text":${long}}, 2]}`)).toEqual([
    '1',
    '  "terms" 2',
    '    0 >3 "lease"',
    '      "n" 1',
    '      "term" "lease"',
    `      "text" ${long}`,
    '    1 2',
  ]));

it.each([
  ['"text"', '"text"'],
  ['[]', '[]'],
  [' 1 ', '1'],
])('shows %s', (source, line) => expect(of(source)).toEqual([line]));

it.each(['', '{"a":', '[1,]', 'NaN'])('knows that %p is not JSON', (source) =>
  expect(jsonTree(source)).toBeNull(),
);

it('counts what is beyond its limits', () => {
  const wide = jsonTree(`[${'1,'.repeat(4_999)}1]`)!;
  expect([wide.count, wide.children.length, wide.left]).toEqual([5_000, 2_000, 3_000]);
  const many = jsonTree(
    `[${Array(40)
      .fill(`[${'1,'.repeat(999)}1]`)
      .join(',')}]`,
  )!;
  expect([many.count, many.children.length + many.left]).toEqual([40, 40]);
  expect(many.children.reduce((sum, { children }) => sum + children.length, 0)).toBeLessThanOrEqual(20_000);
  let deep = jsonTree(`${'['.repeat(5_000)}${']'.repeat(5_000)}`)!;
  for (let level = 0; level < 20; level++) deep = deep.children[0]!;
  expect([deep.count, deep.children, deep.left]).toEqual([1, [], 1]);
});

it('reads 1 MB within 1 s', () => {
  const startedMs = performance.now();
  for (const part of ['1,', '[],', `"${'\\"'.repeat(50)}",`, '{"a":1},'])
    jsonTree(`[${part.repeat(1_000_000 / part.length)}0]`);
  jsonTree(`"${'x'.repeat(1_000_000)}"`);
  expect((performance.now() - startedMs) / 5).toBeLessThan(1000);
});
