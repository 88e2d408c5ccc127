import { type DocumentNode, markdownTree } from './markdown-tree';

/** So much of a file is shown. */
export const PREVIEW_BYTES = 256 * 1024;
/** JSON that is nested deeper would be mostly indentation. */
const MAX_DEPTH = 40;

export interface ArtifactPreview {
  kind: 'markdown' | 'text' | 'none';
  /** It is no text, so nothing of it is shown. */
  isHidden: boolean;
  nodes: DocumentNode[];
  text: string | null;
  /** What is to be known of what is shown. */
  remarks: string[];
}

/** What is shown of a file, by its name and its beginning: a document, text, or nothing. */
export function artifactPreview(name: string, start: Buffer, isCut: boolean): ArtifactPreview {
  const text = textOf(start, isCut);
  if (text === null) return { kind: 'none', isHidden: true, nodes: [], text: null, remarks: [] };
  const remarks = isCut
    ? [`Only the first ${PREVIEW_BYTES / 1024} KiB are shown. Download it to see all.`]
    : [];
  const ending = /\.([^./]+)$/.exec(name)?.[1]?.toLowerCase();
  if (ending === 'md' || ending === 'markdown') {
    const { nodes, isCut: hasMore } = markdownTree(text);
    if (hasMore) remarks.push('The document has more parts than are shown here.');
    return { kind: 'markdown', isHidden: false, nodes, text: null, remarks };
  }
  if (ending === 'json' && !isCut) {
    const pretty = prettyJson(text);
    if (pretty === null) remarks.push('This is no JSON that could be laid out: it is shown as it is.');
    return { kind: 'text', isHidden: false, nodes: [], text: pretty ?? text, remarks };
  }
  return { kind: 'text', isHidden: false, nodes: [], text, remarks };
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
    return isDeeper(value, MAX_DEPTH) ? null : JSON.stringify(value, null, 2);
  } catch {
    return null;
  }
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((member) => isDeeper(member, levels - 1));
}
