import type { Request, Response } from 'express';
import { JobatoError } from './problem-catalogue';

/** The bytes of a file to send, both ends included. */
export interface ByteRange {
  start: number;
  end: number;
}

/** Identifies one state of a file or a log. */
export interface FileState {
  size: number;
  /** A strong tag: the same tag means the same bytes. */
  etag: string;
  modifiedAt?: Date;
}

/**
 * Sets status and headers for the requested content: the whole file, or the part in `Range`.
 * @returns the bytes to send; null if the response has no body and was sent
 * @throws JobatoError RANGE_NOT_SATISFIABLE
 */
export function beginRanged(request: Request, response: Response, file: FileState): ByteRange | null {
  response.setHeader('Accept-Ranges', 'bytes');
  response.setHeader('ETag', file.etag);
  if (file.modifiedAt) response.setHeader('Last-Modified', file.modifiedAt.toUTCString());
  if (request.fresh) {
    response.status(304).end();
    return null;
  }
  const asked = askedRange(request, file);
  if (asked === 'beyond') {
    response.setHeader('Content-Range', `bytes */${file.size}`);
    throw new JobatoError(
      'RANGE_NOT_SATISFIABLE',
      `The requested range is outside the file, which has ${file.size} bytes.`,
    );
  }
  const { start, end } = asked ?? { start: 0, end: file.size - 1 };
  if (asked) response.status(206).setHeader('Content-Range', `bytes ${start}-${end}/${file.size}`);
  response.setHeader('Content-Length', String(end - start + 1));
  if (request.method !== 'HEAD' && start <= end) return { start, end };
  response.end();
  return null;
}

/** Returns null for the whole file. */
export function askedRange(
  request: Pick<Request, 'method' | 'headers' | 'range'>,
  file: FileState,
): ByteRange | 'beyond' | null {
  if (request.method !== 'GET' || !isCurrent(request.headers['if-range'], file)) return null;
  // The parser rejects a suffix that is longer than the file. RFC 9110, 14.1.2, requires the whole file.
  const suffix = /^bytes=-(\d+)$/.exec(request.headers.range ?? '')?.[1];
  if (Number(suffix) >= file.size && file.size > 0) return { start: 0, end: file.size - 1 };
  const ranges = request.range(file.size, { combine: true });
  if (ranges === -1) return 'beyond';
  // For several ranges, a server may return the whole file. That avoids a multipart response, which few clients can
  // read.
  if (ranges === undefined || ranges === -2 || ranges.type !== 'bytes' || ranges.length !== 1) return null;
  return ranges[0]!;
}

/** If the client has a part of another state, it must get all of the new one. */
function isCurrent(ifRange: string | string[] | undefined, { etag, modifiedAt }: FileState): boolean {
  if (ifRange === undefined) return true;
  return ifRange === etag || (modifiedAt !== undefined && ifRange === modifiedAt.toUTCString());
}

/** Yields the bytes of this range from a text in pieces, and reads no further. */
export async function* sliceBytes(
  pieces: AsyncIterable<Buffer>,
  { start, end }: ByteRange,
): AsyncGenerator<Buffer> {
  let position = 0;
  for await (const piece of pieces) {
    const part = piece.subarray(Math.max(0, start - position), end + 1 - position);
    if (part.length > 0) yield part;
    position += piece.length;
    if (position > end) return;
  }
}
