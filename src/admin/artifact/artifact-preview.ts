import type { MarkdownToken } from './markdown-parser';
import { type DocumentNode, markdownTree } from './markdown-tree';

/** So much of a file is shown. */
export const PREVIEW_BYTES = 256 * 1024;
/** JSON that is nested deeper, or would become longer by being laid out, would be mostly indentation. */
const MAX_DEPTH = 40;
const MAX_LAID_OUT = 4 * PREVIEW_BYTES;
const INDENT = 2;

export interface ArtifactPreview {
  kind: 'markdown' | 'text' | 'picture' | 'none';
  /** The browser draws it from the file itself. */
  isPicture: boolean;
  /** It is neither text nor a picture, so nothing of it is shown. */
  isHidden: boolean;
  nodes: DocumentNode[];
  text: string | null;
  /** What is to be known of what is shown. */
  remarks: string[];
}

/** What nothing but a picture can be in: an SVG may have scripts and links. */
const PICTURES = new Set(['png', 'jpg', 'jpeg', 'gif', 'webp', 'avif']);
const NOTHING = { isPicture: false, isHidden: false, nodes: [], text: null, remarks: [] };

/**
 * What is shown of a file, by its name and its beginning: a document, text, a picture, or nothing.
 * @param parseMarkdown gives null for a document that takes too long to parse
 */
export async function artifactPreview(
  name: string,
  start: Buffer,
  isCut: boolean,
  parseMarkdown: (source: string) => Promise<MarkdownToken[] | null>,
): Promise<ArtifactPreview> {
  const ending = /\.([^./]+)$/.exec(name)?.[1]?.toLowerCase() ?? '';
  const text = textOf(start, isCut);
  if (text === null) {
    const isPicture = PICTURES.has(ending);
    return { ...NOTHING, kind: isPicture ? 'picture' : 'none', isPicture, isHidden: !isPicture };
  }
  const remarks = isCut
    ? [`Only the first ${PREVIEW_BYTES / 1024} KiB are shown. Download it to see all.`]
    : [];
  if (ending === 'md' || ending === 'markdown') {
    const tokens = await parseMarkdown(text);
    if (tokens === null) {
      remarks.push('The document takes too long to lay out, so it is shown as plain text.');
      return { ...NOTHING, kind: 'text', text, remarks };
    }
    const { nodes, isCut: hasMore } = markdownTree(tokens);
    if (hasMore) remarks.push('The document has more parts than are shown here.');
    return { ...NOTHING, kind: 'markdown', nodes, remarks };
  }
  if (ending === 'json' && !isCut) {
    const pretty = prettyJson(text);
    if (pretty === null) remarks.push('This is no JSON that could be laid out: it is shown as it is.');
    return { ...NOTHING, kind: 'text', text: pretty ?? text, remarks };
  }
  return { ...NOTHING, kind: 'text', text, remarks };
}

/** Null for what is no text in UTF-8. A character that the cut has split is left out. */
function textOf(start: Buffer, isCut: boolean): string | null {
  if (start.includes(0)) return null;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(start, { stream: isCut });
  } catch {
    return null;
  }
}

function prettyJson(text: string): string | null {
  try {
    const value: unknown = JSON.parse(text);
    return text.length + addedByLayout(value, 1) > MAX_LAID_OUT ? null : JSON.stringify(value, null, INDENT);
  } catch {
    return null;
  }
}

/** How many characters of line breaks and indentation it takes at most; known before any of it is made. */
function addedByLayout(value: unknown, level: number): number {
  if (typeof value !== 'object' || value === null) return 0;
  if (level > MAX_DEPTH) return Infinity;
  let added = 1 + INDENT * (level - 1);
  for (const member of Object.values(value)) {
    // The break, the indentation, and the space after the name.
    added += 2 + INDENT * level + addedByLayout(member, level + 1);
    if (added > MAX_LAID_OUT) return Infinity;
  }
  return added;
}
