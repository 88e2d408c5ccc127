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

/** More of an answer is not read: it is a problem of a few lines, or the error page of a proxy. */
const MAX_ANSWER_BYTES = 64 * 1024;
const PIECE_BYTES = 64 * 1024;

/**
 * Sends a file with PUT. Not by `fetch`: its client gives up on any answer that takes longer than five minutes from
 * the start of the request, and a large file on a slow line takes longer than that.
 * @throws Error where no answer came
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
    // An answer may come before the file is sent: it is a no, and the rest is of no use.
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
 * As many bytes as were announced, also where the file still grows. The stream of a handle would close the handle when
 * it is destroyed, and the next try needs it.
 */
async function* contentOf(file: FileHandle, size: number): AsyncGenerator<Buffer> {
  for (let position = 0; position < size;) {
    const length = Math.min(PIECE_BYTES, size - position);
    const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, position);
    if (bytesRead === 0) throw new Error('the file became shorter while it was sent');
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** What arrived of it: a server that refuses a body may close the connection behind its answer. */
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
    // The status says it all.
  }
  return Buffer.concat(parts).toString('utf8');
}
