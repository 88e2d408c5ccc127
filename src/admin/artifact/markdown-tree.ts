import type { MarkdownToken } from './markdown-parser';

/** A node of a document for the templates: the tag is from a fixed list, and the text is always escaped as text. */
export interface DocumentNode {
  tag: string | null;
  text: string | null;
  href: string | null;
  isVoid: boolean;
  isPre: boolean;
  isLink: boolean;
  isColumnHead: boolean;
  children: DocumentNode[];
}

export interface DocumentTree {
  nodes: DocumentNode[];
  /** True if the document has more nodes than are shown. */
  isCut: boolean;
}

/** A larger page would be of no use. */
const MAX_NODES = 20_000;
/** The page has its own headings above, so those of the document start below them and skip no level. */
const FIRST_HEADING_LEVEL = 3;
const TAGS = new Set([
  'p',
  'strong',
  'em',
  's',
  'code',
  'pre',
  'blockquote',
  'ul',
  'ol',
  'li',
  'hr',
  'br',
  'table',
  'thead',
  'tbody',
  'tr',
  'th',
  'td',
]);

/** Builds a tree of known tags, text, and links with http, https or mailto only. */
export function markdownTree(tokens: MarkdownToken[]): DocumentTree {
  const builder = new TreeBuilder();
  builder.takeAll(tokens);
  return { nodes: builder.root.children, isCut: builder.isCut };
}

class TreeBuilder {
  readonly root = node(null);
  isCut = false;
  private readonly open: DocumentNode[] = [this.root];
  private count = 0;
  private headingLevel = FIRST_HEADING_LEVEL - 1;

  takeAll(tokens: MarkdownToken[]): void {
    for (const token of tokens) this.take(token);
  }

  private take(token: MarkdownToken): void {
    if (token.hidden) return;
    if (token.type === 'inline') return this.takeAll(token.children);
    if (token.nesting === 1) this.begin(token);
    else if (token.nesting === -1) this.end();
    else this.add(leaf(token));
  }

  private begin(token: MarkdownToken): void {
    const started = node(this.tagOf(token));
    if (token.type === 'link_open') started.href = safeHref(token.address);
    this.add(started);
    this.open.push(started);
  }

  /** An empty cell of a heading row is not a heading. */
  private end(): void {
    const ended = this.open.pop()!;
    if (ended.tag === 'th' && ended.children.length === 0) Object.assign(ended, node('td'));
  }

  private add(child: DocumentNode): void {
    if (this.count >= MAX_NODES) this.isCut = true;
    else {
      this.count++;
      if (child.text !== null && child.tag === null && this.isAtItem()) child.text = withBox(child.text);
      this.open.at(-1)!.children.push(child);
    }
  }

  /** Returns true at the start of a list item, also inside a paragraph of it. */
  private isAtItem(): boolean {
    const [outer, inner] = [this.open.at(-2), this.open.at(-1)!];
    if (inner.children.length > 0) return false;
    return inner.tag === 'li' || (inner.tag === 'p' && outer?.tag === 'li' && outer.children.length === 1);
  }

  private tagOf({ type, tag }: MarkdownToken): string {
    if (type === 'heading_open') {
      const wanted = Number(tag.slice(1)) + FIRST_HEADING_LEVEL - 1;
      this.headingLevel = Math.min(6, wanted, this.headingLevel + 1);
      return `h${this.headingLevel}`;
    }
    if (type === 'link_open') return 'a';
    return TAGS.has(tag) ? tag : 'span';
  }
}

function leaf(token: MarkdownToken): DocumentNode {
  switch (token.type) {
    case 'code_block':
    case 'fence':
      return { ...node('pre'), text: token.content };
    case 'code_inline':
      return { ...node('code'), text: token.content };
    case 'hardbreak':
      return node('br');
    case 'softbreak':
      return { ...node(null), text: '\n' };
    case 'hr':
      return node('hr');
    // A preview loads nothing from other servers.
    case 'image':
      return { ...node('em'), text: `[picture: ${token.content || token.address || ''}]` };
    default:
      return { ...node(null), text: token.content };
  }
}

/** Turns "[x] done", the common syntax for task lists, into a visible checkbox. */
function withBox(text: string): string {
  return text.replace(/^\[([ xX])\] /, (_, mark: string) => (mark === ' ' ? '☐ ' : '☑ '));
}

function node(tag: string | null): DocumentNode {
  return {
    tag,
    text: null,
    href: null,
    isVoid: tag === 'br' || tag === 'hr',
    isPre: tag === 'pre',
    isLink: tag === 'a',
    isColumnHead: tag === 'th',
    children: [],
  };
}

/** Drops relative addresses: they would lead to pages of this server, which the document does not mean. */
function safeHref(href: string | null): string | null {
  return href !== null && /^(https?:\/\/|mailto:)/i.test(href) ? href : null;
}
