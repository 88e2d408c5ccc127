import { sizeText } from '../../config/size-text';
import { numberText } from '../words/number-text';
import { type ArtifactPreview } from './artifact-preview';
import { MAX_COLUMNS, MAX_ROWS } from './delimited-table';
import type { BinaryType } from './file-type';
import type { JsonNode } from './json-tree';

/** A preview in the words of the page. */
export interface PreviewView extends Omit<ArtifactPreview, 'json' | 'binary' | 'limit'> {
  json: JsonView | null;
  /** What a file without a preview is. */
  binary: string | null;
  isEmpty: boolean;
  /** How much of a cut file is shown. */
  cut: { shown: string; size: string } | null;
  isTooSlow: boolean;
  isTooLong: boolean;
  isJsonInvalid: boolean;
  /** The limits of a table that has more; null if it is shown in full. */
  moreRows: string | null;
  moreColumns: string | null;
}

interface JsonView extends Omit<JsonNode, 'count' | 'left' | 'children'> {
  /** The number of members or items, with the unit. */
  size: string;
  children: JsonView[];
  /** The number of those that are not shown; null for none. */
  more: string | null;
}

const BINARY_TYPES: Record<BinaryType, string> = {
  sqlite: 'SQLite database',
  pdf: 'PDF document',
  zip: 'ZIP archive',
  gzip: 'gzip archive',
  parquet: 'Parquet table',
  program: 'Program',
  other: 'Binary file',
};

/** @param shownBytes the bytes read for the preview */
export function previewView(
  { json, binary, limit, ...preview }: ArtifactPreview,
  shownBytes: number,
  size: number,
): PreviewView {
  const { table, document, picture, text, isCut } = preview;
  return {
    ...preview,
    json: json && jsonView(json),
    binary: binary && BINARY_TYPES[binary],
    isEmpty: !document && !json && !table && !picture && !text && !binary,
    cut: isCut ? cutOf(shownBytes, size) : null,
    isTooSlow: limit === 'document-too-slow',
    isTooLong: limit === 'document-too-long',
    isJsonInvalid: limit === 'json-invalid',
    moreRows: table?.hasMoreRows ? numberText(MAX_ROWS) : null,
    moreColumns: table?.hasMoreColumns ? numberText(MAX_COLUMNS) : null,
  };
}

/** Sizes in bytes where the rounded ones would be the same. */
function cutOf(shownBytes: number, size: number): { shown: string; size: string } {
  const isNear = sizeText(shownBytes) === sizeText(size);
  const text = isNear ? (bytes: number) => `${numberText(bytes)} B` : sizeText;
  return { shown: text(shownBytes), size: text(size) };
}

function jsonView({ count, left, children, ...node }: JsonNode): JsonView {
  const [one, several] = node.isArray ? ['item', 'items'] : ['member', 'members'];
  return {
    ...node,
    size: `${numberText(count)} ${count === 1 ? one : several}`,
    children: children.map(jsonView),
    more: left === 0 ? null : numberText(left),
  };
}
