import { artifactPreview } from './artifact-preview';
import { MarkdownParser } from './markdown-parser';
import { type DocumentNode, markdownTree } from './markdown-tree';

const parser = new MarkdownParser();

const of = (name: string, content: string | Buffer, isCut = false) =>
  artifactPreview(name, Buffer.from(content as string), isCut, (source) => parser.parse(source));
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
    ['numbers.json', `[${'1,'.repeat(100_000)}1]`, `[\n  ${'1,\n  '.repeat(100_000)}1\n]`, 0],
    ['today.json', '{"a":[1]}', '{\n  "a": [\n    1\n  ]\n}', 0],
    ['broken.json', '{"a":', '{"a":', 1],
    ['deep.json', `${'['.repeat(50)}${']'.repeat(50)}`, `${'['.repeat(50)}${']'.repeat(50)}`, 1],
    ['indented.json', `${'['.repeat(39)}${'1,'.repeat(20_000)}1${']'.repeat(39)}`, null, 1],
    ['page.html', '<script>', '<script>', 0],
    ['LICENSE', 'Ünïcode 😀', 'Ünïcode 😀', 0],
  ])('shows %s as text', async (name, content, laidOut, remarks) => {
    const preview = await of(name, content);
    const text = laidOut ?? content;
    expect([preview.kind, preview.text === text, preview.remarks.length]).toEqual(['text', true, remarks]);
  });

  it.each([
    ['bytes that are not text', Buffer.from([0xff, 0xfe, 0x41])],
    ['text with zero bytes', Buffer.from('a\0b')],
  ])('shows no content for %s', async (_what, content) => {
    expect(await of('model.md', content)).toMatchObject({ kind: 'none', isHidden: true });
  });

  it('shows a picture by its content and extension, and text with a picture extension as text', async () => {
    const bytes = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0]);
    expect(await of('loss.PNG', bytes)).toMatchObject({ kind: 'picture', isPicture: true, isHidden: false });
    expect(await of('drawing.svg', bytes)).toMatchObject({ kind: 'none', isPicture: false, isHidden: true });
    expect((await of('loss.png', 'no picture')).kind).toBe('text');
  });

  it('marks a truncated preview and drops an incomplete last character', async () => {
    const preview = await of('long.txt', Buffer.from('aé').subarray(0, 2), true);
    expect([preview.text, preview.remarks]).toEqual([
      'a',
      ['Only the first 256 KiB are shown. Download the file to see all of it.'],
    ]);
    expect((await of('long.txt', Buffer.from('aé').subarray(0, 2))).kind).toBe('none');
    expect((await of('long.json', '{"a":1', true)).remarks).toHaveLength(1);
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

  it('is truncated when it is too large for a page', async () => {
    const { nodes, isCut } = await treeOf('a\n\n'.repeat(15_000));
    expect([nodes.length, isCut]).toEqual([10_000, true]);
  });

  it('is shown as text when parsing takes too long, without blocking the event loop', async () => {
    const bomb = '!['.repeat(128 * 1024);
    let turns = 0;
    let isDone = false;
    const shown = artifactPreview('bomb.md', Buffer.from(bomb), false, (source) =>
      parser.parse(source, 50),
    ).finally(() => (isDone = true));
    while (!isDone) {
      await new Promise((next) => setImmediate(next));
      turns++;
    }
    expect(await shown).toMatchObject({
      kind: 'text',
      text: bomb,
      remarks: ['The document takes too long to render, so it is shown as plain text.'],
    });
    expect(turns).toBeGreaterThan(10);
  });

  it('is not parsed while the queue is full, and is parsed again afterwards', async () => {
    const parsed = await Promise.all(Array.from({ length: 10 }, () => parser.parse('a')));
    expect(parsed.filter((tokens) => tokens === null)).toHaveLength(2);
    expect(await parser.parse('a')).toHaveLength(3);
  });
});
