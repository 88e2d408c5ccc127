import MarkdownIt from 'markdown-it';
import type { Block, BlockKind, Document, Label, Range } from './corpus';
import { findLabel, tableLabel } from './labels';
import { isBoilerplateHeading } from './common-words';

/** Parses HTML in order to drop it: badges, centred logos, comments. Bare URLs stay text. */
const parser = new MarkdownIt({ html: true, linkify: false });

type MarkdownToken = ReturnType<typeof parser.parse>[number];

/** One line of text without inline markup, with the marked ranges. */
interface Inline {
  text: string;
  breaks: number[];
  emphasis: Range[];
  /** The ranges that can mark a name: emphasis, code and links. */
  marked: Range[];
  /** True if the line contains only links within the page: an entry of a table of contents. */
  onlyAnchors: boolean;
  opensWithLink: boolean;
}

/**
 * Reads a Markdown document into blocks of plain text, without code blocks, HTML, images, link targets and front
 * matter.
 */
export function parseMarkdown(path: string, source: string): Document {
  const tokens = parser.parse(blankFrontMatter(source), {});
  const reader = new BlockReader();
  for (const token of tokens) reader.take(token);
  return { path, blocks: reader.blocks };
}

/** Empties front matter line by line, so that the lines below keep their numbers. */
function blankFrontMatter(source: string): string {
  const match = /^---\n[\s\S]*?\n(?:---|\.\.\.)(?=\n|$)/.exec(source);
  return match ? match[0].replace(/[^\n]/g, '') + source.slice(match[0].length) : source;
}

/** Headings of columns that explain the first column of the table. */
const EXPLAINING_COLUMN =
  /^(descriptions?|meanings?|definitions?|what.*|purpose|explanation|about|effect|does|details?|why|when|role|means|use|summary)$/i;

class BlockReader {
  readonly blocks: Block[] = [];
  private listDepth = 0;
  private heading: { level: number } | null = null;
  private under: number | null = null;
  /** The level of the boilerplate heading above the current block. */
  private boilerplateLevel: number | null = null;
  private table: { header: string[]; inHead: boolean; line: number; row: Inline[] } | null = null;
  /** Only the first paragraph of a list item may have a label; later ones are plain paragraphs. */
  private itemIsFresh = false;

  take(token: MarkdownToken): void {
    switch (token.type) {
      case 'list_item_open':
        this.itemIsFresh = true;
        break;
      case 'bullet_list_open':
      case 'ordered_list_open':
        this.listDepth += 1;
        break;
      case 'bullet_list_close':
      case 'ordered_list_close':
        this.listDepth -= 1;
        break;
      case 'heading_open':
        this.heading = { level: Number(token.tag.slice(1)) };
        break;
      case 'heading_close':
        this.heading = null;
        break;
      case 'table_open':
        this.table = { header: [], inHead: false, line: 1, row: [] };
        break;
      case 'thead_open':
        if (this.table) this.table.inHead = true;
        break;
      case 'thead_close':
        if (this.table) this.table.inHead = false;
        break;
      case 'tr_open':
        // Cells have no line number; a row is always one line.
        if (this.table) this.table.line = (token.map?.[0] ?? 0) + 1;
        break;
      case 'tr_close':
        this.endRow();
        break;
      case 'table_close':
        this.table = null;
        break;
      case 'inline':
        this.takeInline(token);
        break;
      default:
        break;
    }
  }

  private takeInline(token: MarkdownToken): void {
    const inline = readInline(token.children ?? []);
    const line = (token.map?.[0] ?? 0) + 1;
    if (this.table) {
      this.table.row.push(inline);
      return;
    }
    if (inline.text === '' || inline.onlyAnchors) return;
    if (this.heading) {
      this.openSection(this.heading.level, inline.text);
      this.add('heading', inline, line, null);
      this.under = this.blocks.length - 1;
      return;
    }
    const kind = this.listDepth > 0 && this.itemIsFresh ? 'item' : 'paragraph';
    this.itemIsFresh = false;
    // "Name: text" is usually a sentence in a paragraph, and usually a label in a list.
    this.add(
      kind,
      inline,
      line,
      findLabel(
        inline.text,
        inline.marked,
        kind === 'item' || isDefinitionList(inline),
        inline.opensWithLink,
      ),
    );
  }

  private openSection(level: number, heading: string): void {
    if (this.boilerplateLevel !== null && level <= this.boilerplateLevel) this.boilerplateLevel = null;
    if (this.boilerplateLevel === null && isBoilerplateHeading(heading)) this.boilerplateLevel = level;
  }

  private endRow(): void {
    const table = this.table;
    if (!table) return;
    const row = table.row;
    table.row = [];
    if (table.inHead) {
      table.header = row.map((cell) => cell.text);
      return;
    }
    const name = row[0] ? tableLabel(row[0].text) : null;
    row.forEach((cell, column) => {
      if (cell.text === '') return;
      const explains = column > 0 && EXPLAINING_COLUMN.test(table.header[column] ?? '');
      this.add('cell', cell, table.line, explains ? name : null);
    });
  }

  private add(kind: BlockKind, inline: Inline, line: number, label: Label | null): void {
    this.blocks.push({
      kind,
      text: inline.text,
      line,
      breaks: inline.breaks,
      emphasis: inline.emphasis,
      under: this.under,
      label,
      boilerplate: this.boilerplateLevel !== null,
    });
  }
}

/** "Term" on one line and ": explanation" on the next, which CommonMark parses as one paragraph. */
function isDefinitionList(inline: Inline): boolean {
  const start = inline.breaks[0];
  return start !== undefined && inline.text.startsWith(': ', start);
}

function readInline(children: MarkdownToken[]): Inline {
  let text = '';
  const breaks: number[] = [];
  const emphasis: Range[] = [];
  const marked: Range[] = [];
  const open: { kind: string; start: number }[] = [];
  let anchors = 0;
  let outsideAnchors = '';
  let inAnchor = false;
  let opensWithLink = false;

  const append = (piece: string): void => {
    const clean = piece.replace(/\s+/g, ' ');
    // One blank between two pieces, regardless of the source.
    const next = text === '' || text.endsWith(' ') ? clean.trimStart() : clean;
    text += next;
    if (!inAnchor) outsideAnchors += next;
  };
  const close = (kind: string): void => {
    const opened = open.pop();
    if (!opened || opened.kind !== kind) return;
    const range: Range = [opened.start, text.trimEnd().length];
    if (range[1] <= range[0]) return;
    if (kind === 'link') opensWithLink ||= range[0] === 0;
    else emphasis.push(range);
    marked.push(range);
  };

  for (const child of children) {
    switch (child.type) {
      case 'text':
      case 'text_special':
        append(child.content.replace(/`/g, "'"));
        break;
      case 'code_inline': {
        const start = text.length;
        append(`\`${child.content.replace(/`/g, "'").trim()}\``);
        marked.push([start, text.length]);
        break;
      }
      case 'softbreak':
      case 'hardbreak':
        append(' ');
        breaks.push(text.length);
        break;
      case 'strong_open':
      case 'em_open':
        open.push({ kind: 'emphasis', start: text.length });
        break;
      case 'strong_close':
      case 'em_close':
        close('emphasis');
        break;
      case 'link_open':
        open.push({ kind: 'link', start: text.length });
        if (String(child.attrGet('href') ?? '').startsWith('#')) {
          inAnchor = true;
          anchors += 1;
        }
        break;
      case 'link_close':
        inAnchor = false;
        close('link');
        break;
      case 'html_inline':
        if (/^<br\b/i.test(child.content)) append(' ');
        break;
      default:
        break;
    }
  }
  text = text.trimEnd();
  marked.sort((a, b) => a[0] - b[0] || b[1] - a[1]);
  return {
    text,
    breaks,
    emphasis,
    marked,
    onlyAnchors: anchors > 0 && !/\p{L}/u.test(outsideAnchors),
    opensWithLink,
  };
}
