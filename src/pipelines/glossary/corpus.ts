import type { SkipReason } from './documents';

/**
 * The documents without markup: blocks of running text with their line numbers. `extract` stores it, so that the
 * later steps use the same text even if a document has changed.
 */
export interface Corpus {
  /** The folder as given. */
  docs: string;
  /** The absolute folder that document paths are relative to. */
  root: string;
  documents: Document[];
  skipped: { path: string; reason: SkipReason }[];
  unreadable: { path: string; reason: string }[];
}

export interface Document {
  path: string;
  blocks: Block[];
}

export type BlockKind = 'heading' | 'paragraph' | 'item' | 'cell';

export interface Block {
  kind: BlockKind;
  /** Plain text on one line. The only markup kept is the backtick around code. */
  text: string;
  /** The first line of the block in the document, from 1. */
  line: number;
  /** Offsets in `text` at which further lines of the document begin. */
  breaks: number[];
  /** Ranges of `text` in bold or italic. */
  emphasis: Range[];
  /** The heading above the block, as an index into the document's blocks. */
  under: number | null;
  /** Set if the block names something and then explains it: "**Lease**: a claim that ends". */
  label: Label | null;
  /** True for sections such as installation, licence and thanks, which a glossary ignores. */
  boilerplate: boolean;
}

export type Range = [start: number, end: number];

export interface Label {
  /** One or more names: "`HOST`, `PORT`". */
  names: string[];
  /** The offset of the explanation in the block's text. */
  from: number;
  /** `marked`: the name was bold, code or a link. `table`: the table explains its first column. */
  via: 'marked' | 'plain' | 'table';
  /** True if the name was code: an option or a function, which is weaker evidence for a term than a word. */
  code: boolean;
  /** True if the name was a link. */
  link: boolean;
}

/** Returns the line of the document that contains an offset of the block's text. */
export function lineAt(block: Block, offset: number): number {
  let line = block.line;
  for (const lineStart of block.breaks) {
    if (lineStart > offset) break;
    line += 1;
  }
  return line;
}

/** The reason of a partial run whose corpus has unreadable documents. */
export const PARTIAL_REASON = 'some-docs-unreadable';
