import { once } from 'node:events';
import type { FileHandle } from 'node:fs/promises';
import { type IncomingHttpHeaders, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { Readable } from 'node:stream';

export interface UploadAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

/** Limit for reading an answer. It is a short problem document or the error page of a proxy. */
const MAX_ANSWER_BYTES = 64 * 1024;
const PIECE_BYTES = 64 * 1024;

/**
 * Sends a file with PUT. Does not use `fetch`, whose client times out five minutes after the start of the request. A
 * large file on a slow connection takes longer.
 * @throws Error if no answer arrived
 */
export async function putFile(
  url: URL,
  file: FileHandle,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<UploadAnswer> {
  signal.throwIfAborted();
  const { size } = await file.stat();
  const content = size === 0 ? null : Readable.from(contentOf(file, size));
  const send = url.protocol === 'https:' ? requestHttps : requestHttp;
  const request = send(url, {
    method: 'PUT',
    headers: { ...headers, 'content-length': String(size) },
    signal,
  });
  const failed = new Promise<never>((_, reject) => {
    request.on('error', reject);
    content?.on('error', reject);
  });
  try {
    const answered = once(request, 'response') as Promise<[IncomingMessage]>;
    if (content === null) request.end();
    else content.pipe(request);
    const [response] = await Promise.race([answered, failed]);
    // An answer before the end of the file is a refusal, so do not send the rest.
    content?.unpipe(request);
    const text = await textOf(response);
    return { status: response.statusCode!, headers: response.headers, text };
  } finally {
    content?.destroy();
    request.destroy();
    failed.catch(() => undefined);
  }
}

/**
 * Yields as many bytes as announced, even if the file grows. A stream of the handle would close the handle when
 * destroyed, and the next try needs it.
 */
async function* contentOf(file: FileHandle, size: number): AsyncGenerator<Buffer> {
  for (let position = 0; position < size;) {
    const length = Math.min(PIECE_BYTES, size - position);
    const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, position);
    if (bytesRead === 0) throw new Error('the file was truncated during the upload');
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** Returns the received part of the body: a server that refuses a body may close the connection after its answer. */
async function textOf(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const part of response as AsyncIterable<Buffer>) {
      parts.push(part);
      bytes += part.length;
      if (bytes >= MAX_ANSWER_BYTES) break;
    }
  } catch {
    // The status is sufficient.
  }
  return Buffer.concat(parts).toString('utf8');
}
