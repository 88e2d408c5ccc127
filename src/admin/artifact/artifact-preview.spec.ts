import { artifactPreview } from './artifact-preview';
import { MarkdownParser } from './markdown-parser';
import { type DocumentNode, markdownTree } from './markdown-tree';

const parser = new MarkdownParser();

const noFiles = { pageOf: () => null, pictureOf: () => null };
const of = (name: string, content: string | Buffer, isCut = false) =>
  artifactPreview(name, Buffer.from(content as string), isCut, {
    parseMarkdown: (source) => parser.parse(source),
    pictureHref: (type) => `/${type}`,
    place: { name, ...noFiles },
  });
/** Returns the parts of the preview that are shown. */
const shown = async (...file: Parameters<typeof of>) =>
  Object.fromEntries(
    Object.entries(await of(...file)).filter(([, value]) => value !== null && value !== false),
  );
/** Returns the tree as a short text: `p(one em(two))`. */
const short = (nodes: DocumentNode[]): string =>
  nodes
    .map(({ tag, text, href, children }) => {
      const inner = `${text ?? ''}${short(children)}`;
      return tag === null ? inner : `${tag}${href === null ? '' : `[${href}]`}(${inner})`;
    })
    .join('');
const treeOf = async (source: string) => markdownTree((await parser.parse(source))!);
const tree = async (source: string) => short((await treeOf(source)).nodes);

describe('artifactPreview', () => {
  it.each([
    ['page.html', '<script>'],
    ['LICENSE', 'Ünïcode 😀'],
    ['one-column.csv', 'a\nb'],
    ['loss.png', 'no picture'],
  ])('shows %s as text', async (name, text) => expect(await shown(name, text)).toEqual({ text }));

  it('shows JSON as a tree, and other text of that name as text', async () => {
    expect(await shown('today.json', '{"a":1}')).toEqual({
      json: expect.objectContaining({ value: '{"a": 1}' }),
    });
    expect(await shown('broken.json', '{"a":')).toEqual({ text: '{"a":', limit: 'json-invalid' });
    expect(await shown('long.json', '{"a":1', true)).toEqual({ text: '{"a":1', isCut: true });
  });

  it('shows CSV and TSV as a table', async () => {
    expect(await shown('a.CSV', 'a,b\n1,2')).toEqual({
      table: expect.objectContaining({ hasMoreRows: false }),
    });
    expect((await of('a.tsv', 'a\tb')).table!.columns).toHaveLength(2);
  });

  it.each([
    ['bytes that are not text', Buffer.from([0xff, 0xfe, 0x41]), 'other'],
    ['text with zero bytes', Buffer.from('a\0b'), 'other'],
    ['a database', Buffer.from('SQLite format 3\0'), 'sqlite'],
  ])('shows no content for %s', async (_what, content, binary) =>
    expect(await shown('model.md', content)).toEqual({ binary }),
  );

  it.each([
    ['image/png', Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0])],
    ['image/jpeg', Buffer.from([0xff, 0xd8, 0xff, 0xe0])],
    ['image/gif', Buffer.from('GIF89a\x01\0\xff', 'latin1')],
    ['image/webp', Buffer.from('RIFF\0\0\0\0WEBPVP8 \xff', 'latin1')],
  ])('recognises a picture by its content: %s', async (type, bytes) =>
    expect(await shown('file', bytes, true)).toEqual({ picture: { href: `/${type}`, source: null } }),
  );

  it('shows SVG as a picture with its source, and as text where no address serves it', async () => {
    const source = '<svg onload="alert(1)"/>';
    expect(await shown('a.svg', source)).toEqual({ picture: { href: '/image/svg+xml', source } });
    const parts = {
      parseMarkdown: () => Promise.resolve(null),
      pictureHref: () => null,
      place: { name: '', ...noFiles },
    };
    expect(await artifactPreview('a.svg', Buffer.from(source), false, parts)).toMatchObject({
      picture: null,
      text: source,
    });
  });

  it('marks a truncated preview and drops an incomplete last character', async () => {
    expect(await shown('long.txt', Buffer.from('aé').subarray(0, 2), true)).toEqual({
      text: 'a',
      isCut: true,
    });
    expect(await shown('long.txt', Buffer.from('aé').subarray(0, 2))).toEqual({ binary: 'other' });
  });

  it('has an index for documents with several headings', async () => {
    expect((await of('a.md', '# a\n# b\n# c')).document!.index).toBeNull();
    const { index } = (await of('a.md', '# a\n## b\n# c\n# a *b*')).document!;
    expect(index).toEqual([
      { href: '#doc-a', text: 'a', level: 1 },
      { href: '#doc-b', text: 'b', level: 2 },
      { href: '#doc-c', text: 'c', level: 1 },
      { href: '#doc-a-b', text: 'a b', level: 1 },
    ]);
  });
});

describe('Markdown document', () => {
  it.each([
    ['text', 'one *two* **three** `<b>`', 'p(one em(two) strong(three) code(<b>))'],
    ['a list', '- one\n- two', 'ul(li(one)li(two))'],
    ['code', '```js\na < b\n```', 'pre(a < b\n)'],
    ['a table', '|a||\n|-|-|\n|1|2|', 'table(thead(tr(th(a)td()))tbody(tr(td(1)td(2))))'],
    ['headings, shifted below ours without skipping a level', '# a\n\n#### b\n\n## c', 'h3(a)h4(b)h4(c)'],
    ['task lists', '- [x] one\n- [ ] two [x] three', 'ul(li(☑ one)li(☐ two [x] three))'],
    ['task lists with paragraphs', '- [x] one\n\n- two', 'ul(li(p(☑ one))li(p(two)))'],
    ['brackets elsewhere', '[x] one', 'p([x] one)'],
    ['links to the web', '[a](https://example.com/?q="x)', 'p(a[https://example.com/?q=%22x](a))'],
    ['mail links', '<ada@example.com>', 'p(a[mailto:ada@example.com](ada@example.com))'],
  ])('keeps %s', async (_what, source, expected) => {
    expect(await tree(source)).toBe(expected);
  });

  it.each([
    ['HTML', '<script>alert(1)</script>', 'p(<script>alert(1)</script>)'],
    ['links that run something', '[a](javascript:alert(1))', 'p([a](javascript:alert(1)))'],
    ['links to pages of ours', '[a](/runs/x) [b](//evil.example)', 'p(a(a) a(b))'],
    ['pictures', '![a](https://evil.example/x.png)', 'p(em([picture: a]))'],
  ])('turns %s into plain text', async (_what, source, expected) => {
    expect(await tree(source)).toBe(expected);
  });

  it('leaves out comments, and keeps anchors', async () => {
    const { nodes } = await treeOf(
      '<!-- marker -->\n# <a id="term-a"></a>a\n\n[up](#term-a) [down](#b-c) [none](#x)\n\n<!-- more\n\nlines -->\n\n## B *c*',
    );
    expect(short(nodes)).toBe('h3(span()a)p(a[#doc-term-a](up) a[#doc-b-c](down) a(none))h4(B em(c))');
    expect([nodes[0]!.id, nodes[0]!.children[0]!.id, nodes[2]!.id]).toEqual([
      'doc-a',
      'doc-term-a',
      'doc-b-c',
    ]);
    expect(nodes[1]!.children.at(-1)).toMatchObject({ target: '#x', isTargetShown: true });
  });

  it('keeps an end tag only where its start is text', async () => {
    expect(await tree('one <a name="x">two</a> <b>three</b> </a><br>four')).toBe(
      'p(one span()two <b>three</b> </a>br()four)',
    );
  });

  it('links to other artifacts, and shows their pictures', async () => {
    const tokens = (await parser.parse('[b](b.csv) ![dot](dot.png) ![none](none.png)'))!;
    const { nodes } = markdownTree(tokens, {
      name: 'a.md',
      pageOf: (name) => (name === 'b.csv' ? '/page' : null),
      pictureOf: (name) => (name === 'dot.png' ? '/picture' : null),
    });
    expect(short(nodes)).toBe('p(a[/page](b) img(dot) em([picture: none]))');
    expect(nodes[0]!.children[2]!.src).toBe('/picture');
  });

  it('is truncated when it is too large for a page', async () => {
    const { nodes, isCut } = await treeOf('a\n\n'.repeat(15_000));
    expect([nodes.length, isCut]).toEqual([10_000, true]);
  });

  it('is shown as text when parsing takes too long, without blocking the event loop', async () => {
    const bomb = '!['.repeat(128 * 1024);
    let turns = 0;
    let isDone = false;
    const preview = artifactPreview('bomb.md', Buffer.from(bomb), false, {
      parseMarkdown: (source) => parser.parse(source, 50),
      pictureHref: () => null,
      place: { name: 'bomb.md', ...noFiles },
    }).finally(() => (isDone = true));
    while (!isDone) {
      await new Promise((next) => setImmediate(next));
      turns++;
    }
    expect(await preview).toMatchObject({ text: bomb, document: null, limit: 'document-too-slow' });
    expect(turns).toBeGreaterThan(10);
  });

  it('is not parsed while the queue is full, and is parsed again afterwards', async () => {
    const parsed = await Promise.all(Array.from({ length: 10 }, () => parser.parse('a')));
    expect(parsed.filter((tokens) => tokens === null)).toHaveLength(2);
    expect(await parser.parse('a')).toHaveLength(3);
  });
});
