import { lineAt } from './corpus';
import { parseMarkdown } from './markdown';

const blocks = (source: string) => parseMarkdown('a.md', source).blocks;

describe('parseMarkdown', () => {
  it('keeps prose with line numbers, and drops code, HTML, images and link targets', () => {
    const source = [
      '---',
      'title: front matter',
      '---',
      '# Leases ![badge](https://x.test/b.svg)',
      '',
      '<p align="center">logo</p>',
      '',
      'A **lease** is a claim',
      'that [ends](https://x.test) by `itself`.',
      '',
      '```js',
      'const code = 1;',
      '```',
    ].join('\n');
    expect(blocks(source).map(({ kind, text, line }) => ({ kind, text, line }))).toEqual([
      { kind: 'heading', text: 'Leases', line: 4 },
      { kind: 'paragraph', text: 'A lease is a claim that ends by `itself`.', line: 8 },
    ]);
  });

  it('maps an offset in a paragraph to its line', () => {
    const [block] = blocks('One line.\nAnother line.\nA third one.');
    expect(block && lineAt(block, block.text.indexOf('Another'))).toBe(2);
    expect(block && lineAt(block, block.text.indexOf('third'))).toBe(3);
  });

  it.each([
    ['- **Lease**: a claim that ends', ['Lease'], 'a claim that ends'],
    ['- **Lease:** a claim that ends', ['Lease'], 'a claim that ends'],
    ['- **Lease**, **claim** – what a worker holds', ['Lease', 'claim'], 'what a worker holds'],
    ['- `maxAge` - how long it lives', ['maxAge'], 'how long it lives'],
    ['- [ajv](https://x.test): validates JSON', ['ajv'], 'validates JSON'],
    ['- Lease: a claim that ends', ['Lease'], 'a claim that ends'],
    ['Lease\n: a claim that ends', ['Lease'], 'a claim that ends'],
  ])('reads the label of %j', (source, names, rest) => {
    const [block] = blocks(source);
    expect(block?.label?.names).toEqual(names);
    expect(block?.text.slice(block.label?.from)).toBe(rest);
  });

  it.each([
    '- **Note**: read this first',
    '- Insert, then publish: it was lost',
    'We say: a claim that ends',
  ])('finds no label in %j', (source) => expect(blocks(source)[0]?.label).toBeNull());

  it('reads the first column of an explanatory table as names', () => {
    const table = [
      '| name | default | description |',
      '|---|---|---|',
      '| lease | 30 | A claim that ends. |',
    ].join('\n');
    const cells = blocks(table);
    expect(cells.map(({ text, line, label }) => [text, line, label?.names ?? null])).toEqual([
      ['lease', 3, null],
      ['30', 3, null],
      ['A claim that ends.', 3, ['lease']],
    ]);
  });

  it('omits tables of contents, and marks boilerplate sections with their subsections', () => {
    const source =
      '# Tool\n\n- [Usage](#usage)\n- [License](#license)\n\n## License\n\nMIT text.\n\n### More\n\nx y\n\n## Usage\n\nz';
    expect(blocks(source).map(({ text, boilerplate }) => [text, boilerplate])).toEqual([
      ['Tool', false],
      ['License', true],
      ['MIT text.', true],
      ['More', true],
      ['x y', true],
      ['Usage', false],
      ['z', false],
    ]);
  });
});
