import type { FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { Response } from 'express';
import type { ByteRange } from './byte-range';

/** The content of a file in the API description. */
export const FILE_CONTENT = {
  'application/octet-stream': { schema: { type: 'string', format: 'binary' } },
};

/** Sets headers that force a download. A browser must never render a step's file as a page of this server. */
export function setDownloadHeaders(response: Response, fileName: string): Response {
  response.attachment(fileName);
  response.setHeader('Content-Type', 'application/octet-stream');
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Content-Security-Policy', "default-src 'none'; sandbox");
  response.setHeader('Cache-Control', 'private, no-store, no-transform');
  return response;
}

/** Sends the open file. Not `response.sendFile`, which opens a path: a step may put a link there after the check. */
export async function sendOpenFile(
  file: FileHandle,
  { start, end }: ByteRange,
  response: Response,
): Promise<void> {
  // A file that grows is sent up to its announced length. A file that shrank aborts the response.
  const content = file.createReadStream({ start, end, autoClose: false });
  content.once('end', () => content.bytesRead < end - start + 1 && response.destroy());
  await pipeline(content, response).catch(() => response.destroy());
}
