import { type DelimitedTable, delimitedTable } from './delimited-table';
import type { DocumentPlace } from './document-links';
import { type BinaryType, binaryType, endingOf, pictureType, SVG } from './file-type';
import { type JsonNode, jsonTree } from './json-tree';
import type { MarkdownToken } from './markdown-parser';
import { type DocumentNode, type IndexEntry, markdownTree } from './markdown-tree';
import { MEGABYTE } from '../../config/size-text';

/** The bytes of a file that a preview reads. A document takes the parser longer than other text. */
const PREVIEW_BYTES = MEGABYTE;
const DOCUMENT_BYTES = MEGABYTE / 2;
/** A shorter document needs no index. */
const MIN_HEADINGS = 4;

/** What the page shows of a file: one of these is not null, or the file is empty. */
export interface ArtifactPreview {
  document: { nodes: DocumentNode[]; index: IndexEntry[] | null } | null;
  json: JsonNode | null;
  table: DelimitedTable | null;
  picture: { href: string; source: string | null } | null;
  text: string | null;
  binary: BinaryType | null;
  /** True for a file that has more bytes than were read. */
  isCut: boolean;
  /** Why the file is shown in another way than its name promises, or not in full; null for no reason. */
  limit: 'document-too-slow' | 'document-too-long' | 'json-invalid' | null;
}

export interface PreviewSources {
  /** Returns null for a document that takes too long to parse. */
  parseMarkdown: (source: string) => Promise<MarkdownToken[] | null>;
  /** Returns the address that serves the file as a picture of this type; null if none does. */
  pictureHref: (type: string) => string | null;
  place: DocumentPlace;
}

const NOTHING = {
  document: null,
  json: null,
  table: null,
  picture: null,
  text: null,
  binary: null,
  limit: null,
};

export function previewBytes(name: string): number {
  return isDocument(name) ? DOCUMENT_BYTES : PREVIEW_BYTES;
}

/** Chooses the preview by the name and the start of the file. */
export async function artifactPreview(
  name: string,
  start: Buffer,
  isCut: boolean,
  { parseMarkdown, pictureHref, place }: PreviewSources,
): Promise<ArtifactPreview> {
  const text = textOf(start, isCut);
  const shown = { ...NOTHING, isCut };
  const type = pictureType(name, start);
  const href = type === null ? null : pictureHref(type);
  if (href !== null && (text === null || type === SVG) && start.length > 0) {
    return { ...shown, isCut: isCut && type === SVG, picture: { href, source: text } };
  }
  if (text === null) return { ...shown, isCut: false, binary: binaryType(start) };
  if (isDocument(name)) {
    const tokens = await parseMarkdown(text);
    if (tokens === null) return { ...shown, text, limit: 'document-too-slow' };
    const { nodes, headings, isCut: isLong } = markdownTree(tokens, place);
    const index = headings.length < MIN_HEADINGS ? null : headings;
    const document = nodes.length === 0 ? null : { nodes, index };
    return { ...shown, document, limit: isLong ? 'document-too-long' : null };
  }
  switch (endingOf(name)) {
    case 'json': {
      if (isCut) return { ...shown, text };
      const json = jsonTree(text);
      return json === null ? { ...shown, text, limit: 'json-invalid' } : { ...shown, json };
    }
    case 'csv':
    case 'tsv': {
      const table = delimitedTable(text, endingOf(name) === 'tsv');
      return table === null ? { ...shown, text } : { ...shown, table };
    }
    default:
      return { ...shown, text };
  }
}

function isDocument(name: string): boolean {
  return ['md', 'markdown'].includes(endingOf(name));
}

/** Returns null for content that is not UTF-8 text. Drops a character that the cut has split. */
function textOf(start: Buffer, isCut: boolean): string | null {
  if (start.includes(0)) return null;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(start, { stream: isCut });
  } catch {
    return null;
  }
}
