import type { Original } from './duplicate-finder';
import type { CapturedPosting } from './posting';

/** What a run says about a job. */
export interface JobRow {
  id: string;
  title: string;
  company: string;
  location: string;
  url: string;
  source: string;
  /** Text of the query with the best score. */
  query: string;
  score: number;
  scoreVersion: number;
  /** The scores of all queries with their reasons, as JSON. */
  explanation: string;
  postedAt: string | null;
  exactKey: string;
  signature: Buffer | null;
  page: CapturedPosting['page'];
  runId: string;
  /** ISO 8601. */
  now: string;
}

/** Another posting of a job. */
export interface DuplicateRow {
  id: string;
  duplicateOf: string;
  title: string;
  url: string;
  source: string;
  page: CapturedPosting['page'];
  runId: string;
  now: string;
}

/** What new postings are compared with. */
export interface StoredFingerprint extends Pick<Original, 'id' | 'title' | 'company' | 'location'> {
  exactKey: string;
  signature: Buffer | null;
}

export function bytesOf(signature: Uint32Array | null): Buffer | null {
  if (signature === null) return null;
  const bytes = Buffer.alloc(signature.length * 4);
  signature.forEach((value, index) => bytes.writeUInt32LE(value, index * 4));
  return bytes;
}

export function signatureFrom(bytes: Buffer | null): Uint32Array | null {
  if (bytes === null) return null;
  return Uint32Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readUInt32LE(index * 4));
}
