import type { MarkdownToken } from './markdown-parser';
import { type DocumentNode, markdownTree } from './markdown-tree';

/** The maximum size of a preview in bytes. */
export const PREVIEW_BYTES = 256 * 1024;
/** JSON with deeper nesting, or JSON that grows beyond the second limit, would be mostly indentation. */
const MAX_DEPTH = 40;
const MAX_LAID_OUT = 4 * PREVIEW_BYTES;
const INDENT = 2;

export interface ArtifactPreview {
  kind: 'markdown' | 'text' | 'picture' | 'none';
  /** True if the browser loads the file as an image. */
  isPicture: boolean;
  /** True if the file is neither text nor a picture, so that no content is shown. */
  isHidden: boolean;
  nodes: DocumentNode[];
  text: string | null;
  /** Notes about the preview, for example that it is cut. */
  remarks: string[];
}

/** Endings of formats that contain only a picture. SVG is missing, because it may contain scripts and links. */
const PICTURES = new Set(['png', 'jpg', 'jpeg', 'gif', 'webp', 'avif']);
const NOTHING = { isPicture: false, isHidden: false, nodes: [], text: null, remarks: [] };

/**
 * Chooses the preview by the name and the start of the file: a document, text, a picture or none.
 * @param parseMarkdown returns null for a document that takes too long to parse
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
    ? [`Only the first ${PREVIEW_BYTES / 1024} KiB are shown. Download the file to see all of it.`]
    : [];
  if (ending === 'md' || ending === 'markdown') {
    const tokens = await parseMarkdown(text);
    if (tokens === null) {
      remarks.push('The document takes too long to render, so it is shown as plain text.');
      return { ...NOTHING, kind: 'text', text, remarks };
    }
    const { nodes, isCut: hasMore } = markdownTree(tokens);
    if (hasMore)
      remarks.push('The document is too long to show in full. Download the file to see all of it.');
    return { ...NOTHING, kind: 'markdown', nodes, remarks };
  }
  if (ending === 'json' && !isCut) {
    const pretty = prettyJson(text);
    if (pretty === null)
      remarks.push('The JSON is invalid or too large to format, so it is shown unformatted.');
    return { ...NOTHING, kind: 'text', text: pretty ?? text, remarks };
  }
  return { ...NOTHING, kind: 'text', text, remarks };
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

function prettyJson(text: string): string | null {
  try {
    const value: unknown = JSON.parse(text);
    return text.length + addedByLayout(value, 1) > MAX_LAID_OUT ? null : JSON.stringify(value, null, INDENT);
  } catch {
    return null;
  }
}

/** Returns an upper bound for the added line breaks and indentation, in characters, before any text is formatted. */
function addedByLayout(value: unknown, level: number): number {
  if (typeof value !== 'object' || value === null) return 0;
  if (level > MAX_DEPTH) return Infinity;
  let added = 1 + INDENT * (level - 1);
  for (const member of Object.values(value)) {
    // The line break, the indentation, and the space after the name.
    added += 2 + INDENT * level + addedByLayout(member, level + 1);
    if (added > MAX_LAID_OUT) return Infinity;
  }
  return added;
}
