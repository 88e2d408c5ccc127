import { type HtmlPart, htmlParts } from './document-html';
import {
  DocumentIds,
  documentLink,
  documentPicture,
  type DocumentPlace,
  namesTarget,
} from './document-links';
import type { MarkdownToken } from './markdown-parser';

/** A node of a document for the templates: the tag is from a fixed list, and the text is always escaped as text. */
export interface DocumentNode {
  tag: string | null;
  text: string | null;
  /** The place that links lead to. */
  id: string | null;
  href: string | null;
  /** True for a link to another site. */
  isOutside: boolean;
  /** The target of a link that leads nowhere on this server. */
  target: string | null;
  /** True if the text does not name the target, so that the target is shown beside it. */
  isTargetShown: boolean;
  /** The address of a picture. */
  src: string | null;
  isVoid: boolean;
  isPre: boolean;
  isLink: boolean;
  isColumnHead: boolean;
  children: DocumentNode[];
}

/** A heading in the index of a document. */
export interface IndexEntry {
  href: string;
  text: string;
  /** 1 for the highest headings of the document. */
  level: number;
}

export interface DocumentTree {
  nodes: DocumentNode[];
  headings: IndexEntry[];
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
const HEADING = /^h[1-6]$/;
const NO_FILES: DocumentPlace = { name: '', pageOf: () => null, pictureOf: () => null };

/**
 * Builds a tree of known tags, text, and links: to other sites with http, https or mailto, to places in the document,
 * and to other artifacts of the run.
 */
export function markdownTree(tokens: MarkdownToken[], place: DocumentPlace = NO_FILES): DocumentTree {
  const builder = new TreeBuilder(place);
  builder.takeAll(tokens);
  builder.finish();
  return { nodes: builder.root.children, headings: builder.headings, isCut: builder.isCut };
}

class TreeBuilder {
  readonly root = node(null);
  readonly headings: IndexEntry[] = [];
  isCut = false;
  private readonly open: DocumentNode[] = [this.root];
  private readonly ids = new DocumentIds();
  /** Links to places in the document, which may come later. */
  private readonly links: { link: DocumentNode; fragment: string }[] = [];
  private readonly dead: DocumentNode[] = [];
  private count = 0;
  private headingLevel = FIRST_HEADING_LEVEL - 1;
  /** Tags `<a id="x">` without their end. */
  private openAnchors = 0;

  constructor(private readonly place: DocumentPlace) {}

  takeAll(tokens: MarkdownToken[]): void {
    for (const token of tokens) this.take(token);
  }

  finish(): void {
    for (const { link, fragment } of this.links) {
      link.href = this.ids.hrefOf(fragment);
      if (link.href === null) this.leaveDead(link, `#${fragment}`);
    }
    for (const link of this.dead) link.isTargetShown = !namesTarget(textOf(link), link.target!);
  }

  private take(token: MarkdownToken): void {
    if (token.hidden) return;
    if (token.type === 'inline') {
      this.openAnchors = 0;
      this.takeAll(token.children);
    } else if (token.type === 'html_inline') this.takeHtml(token.content);
    else if (token.type === 'html_block') this.takeHtmlBlock(token.content);
    else if (token.nesting === 1) this.begin(token);
    else if (token.nesting === -1) this.end();
    else this.add(this.leaf(token));
  }

  /** Each tag is a token of its own, so the end of an anchor comes separately. */
  private takeHtml(source: string): void {
    if (this.openAnchors > 0 && /^<\/a\s*>$/i.test(source)) this.openAnchors--;
    else for (const part of htmlParts(source)) this.addHtmlPart(part);
  }

  private takeHtmlBlock(source: string): void {
    const parts = htmlParts(source.trim());
    const hasText = parts.some((part) => part.type === 'text' && part.text.trim() !== '');
    if (hasText) this.push(node('p'));
    for (const part of parts) if (hasText || part.type === 'anchor') this.addHtmlPart(part);
    if (hasText) this.open.pop();
  }

  private addHtmlPart(part: HtmlPart): void {
    if (part.type === 'text') this.add({ ...node(null), text: part.text });
    else if (part.type === 'break') this.add(node('br'));
    else {
      this.openAnchors++;
      // What is not shown is no target of a link.
      if (!this.isCut) this.add({ ...node('span'), id: this.ids.ofAnchor(part.id) });
    }
  }

  private begin(token: MarkdownToken): void {
    const started = node(this.tagOf(token));
    if (token.type === 'link_open') this.aim(started, token.address ?? '');
    this.push(started);
  }

  private aim(link: DocumentNode, address: string): void {
    const found = documentLink(address, this.place);
    if (found.type === 'page') Object.assign(link, { href: found.href, isOutside: found.isOutside });
    else if (found.type === 'fragment') this.links.push({ link, fragment: found.fragment });
    else this.leaveDead(link, found.target);
  }

  private leaveDead(link: DocumentNode, target: string): void {
    link.target = target;
    this.dead.push(link);
  }

  /** An empty cell of a heading row is not a heading. */
  private end(): void {
    const ended = this.open.pop()!;
    if (ended.tag === 'th' && ended.children.length === 0) Object.assign(ended, node('td'));
    if (ended.tag !== null && HEADING.test(ended.tag)) this.endHeading(ended, Number(ended.tag[1]));
  }

  private endHeading(heading: DocumentNode, level: number): void {
    if (this.isCut) return;
    const text = textOf(heading).trim();
    heading.id = this.ids.ofHeading(text);
    if (heading.id === null) return;
    this.headings.push({
      href: `#${encodeURIComponent(heading.id)}`,
      text,
      level: level - FIRST_HEADING_LEVEL + 1,
    });
  }

  private push(started: DocumentNode): void {
    this.add(started);
    this.open.push(started);
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

  private leaf(token: MarkdownToken): DocumentNode {
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
      case 'image':
        return this.picture(token);
      default:
        return { ...node(null), text: token.content };
    }
  }

  private picture({ content, address }: MarkdownToken): DocumentNode {
    const src = documentPicture(address ?? '', this.place);
    if (src === null) return { ...node('em'), text: `[picture: ${content || address || ''}]` };
    return { ...node('img'), src, text: content };
  }
}

/** Turns "[x] done", the common syntax for task lists, into a visible checkbox. */
function withBox(text: string): string {
  return text.replace(/^\[([ xX])\] /, (_, mark: string) => (mark === ' ' ? '☐ ' : '☑ '));
}

function textOf({ text, children }: DocumentNode): string {
  return `${text ?? ''}${children.map(textOf).join('')}`;
}

function node(tag: string | null): DocumentNode {
  return {
    tag,
    text: null,
    id: null,
    href: null,
    isOutside: false,
    target: null,
    isTargetShown: false,
    src: null,
    isVoid: tag === 'br' || tag === 'hr',
    isPre: tag === 'pre',
    isLink: tag === 'a',
    isColumnHead: tag === 'th',
    children: [],
  };
}
