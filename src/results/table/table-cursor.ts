import { createHash } from 'node:crypto';

/** Where the next page starts: after the row with this id, or after this many rows. */
export type RowPosition = { rowId: bigint } | { offset: number };

/** What a cursor belongs to: a page of another result or of another question cannot continue it. */
export interface CursorScope {
  /** The run of the result. */
  runId: string;
  /** View, search and order. */
  question: readonly (string | null)[];
}

export type ReadCursor = { is: 'valid'; position: RowPosition } | { is: 'of-another-result' | 'invalid' };

const FORM = /^([0-9a-f-]{36})\.([\w-]{8})\.(r|o)(-?\d{1,19})$/;
export const MAX_CURSOR_LENGTH = 100;

/** Pure, as all of this file. */
export function cursorText({ runId, question }: CursorScope, position: RowPosition): string {
  const place = 'rowId' in position ? `r${position.rowId}` : `o${position.offset}`;
  return `${runId}.${digestOf(question)}.${place}`;
}

export function readCursor(text: string, { runId, question }: CursorScope): ReadCursor {
  const [, ofRun, digest, kind, number] = FORM.exec(text) ?? [];
  if (number === undefined) return { is: 'invalid' };
  if (ofRun !== runId) return { is: 'of-another-result' };
  if (digest !== digestOf(question)) return { is: 'invalid' };
  if (kind === 'r') return { is: 'valid', position: { rowId: BigInt.asIntN(64, BigInt(number)) } };
  const offset = Number(number);
  return Number.isSafeInteger(offset) && offset >= 0
    ? { is: 'valid', position: { offset } }
    : { is: 'invalid' };
}

function digestOf(question: readonly (string | null)[]): string {
  return createHash('sha256').update(JSON.stringify(question)).digest('base64url').slice(0, 8);
}
