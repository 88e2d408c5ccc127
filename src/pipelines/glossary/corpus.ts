import type { SkipReason } from './documents';

/**
 * What is left of the documents once their markup is gone: blocks of running text that know their lines.
 * `extract` writes it down, so that the later steps see exactly what it saw, even if a document has changed.
 */
export interface Corpus {
  /** The folder as it was named. */
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
  /** The line of the document on which the block begins, from 1. */
  line: number;
  /** Offsets in `text` at which the document's next lines begin. */
  breaks: number[];
  /** Ranges of `text` that were bold or italic. */
  emphasis: Range[];
  /** The heading that the block stands under, as an index into the document's blocks. */
  under: number | null;
  /** Set where the block names something and then says what it is: "**Lease**: a claim that ends". */
  label: Label | null;
  /** Installation, licence, thanks and the like: worth nothing to a glossary. */
  boilerplate: boolean;
}

export type Range = [start: number, end: number];

export interface Label {
  /** What is named, one or several: "`HOST`, `PORT`". */
  names: string[];
  /** Where in the block's text the explanation begins. */
  from: number;
  /** `marked`: the name was bold, code or a link. `table`: it stood in a table that explains its first column. */
  via: 'marked' | 'plain' | 'table';
  /** The name was written as code: an option or a function, which is less of a term than a word is. */
  code: boolean;
  /** The name led somewhere else. */
  link: boolean;
}

/** The line of the document on which an offset of the block's text stands. */
export function lineAt(block: Block, offset: number): number {
  let line = block.line;
  for (const lineStart of block.breaks) {
    if (lineStart > offset) break;
    line += 1;
  }
  return line;
}

/** Why a run is partial when a corpus has unreadable documents. */
export const PARTIAL_REASON = 'some-docs-unreadable';
