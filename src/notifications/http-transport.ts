import { buildConnector, Client } from 'undici';
import { type Answer } from './answer';
import { answerExcerpt, hiddenPartsOf } from './answer-excerpt';
import { assertPublicHost, PrivateAddressError, publicLookup } from './address-check';
import { basicToken, credentialsOf } from './url-credentials';

export interface HttpMessage {
  url: URL;
  headers: Record<string, string>;
  body: string;
  allowPrivate: boolean;
  /** Texts that no excerpt of the answer may contain. */
  secrets: readonly string[];
}

/** Time limits in milliseconds. */
export interface HttpLimits {
  connectMs: number;
  /** From the request to the head of the answer. */
  answerMs: number;
  /** For the excerpt of the body. The status is known by then, so a stall costs only the excerpt. */
  bodyMs: number;
}

export const HTTP_LIMITS: HttpLimits = { connectMs: 10_000, answerMs: 15_000, bodyMs: 2_000 };
const MAX_BODY_BYTES = 4 * 1024;
const MAX_HEAD_BYTES = 16 * 1024;
const TLS_CODES = /CERT|SSL|TLS|SELF_SIGNED|UNABLE_TO_VERIFY|EPROTO/;

/**
 * Sends a message with one request on a connection of its own, so that the address of each is checked. Does not follow
 * redirects, and uses no proxy. Never rejects.
 */
export async function sendByHttp(
  message: HttpMessage,
  stop: AbortSignal,
  limits: HttpLimits = HTTP_LIMITS,
): Promise<Answer> {
  const { url, headers, body, allowPrivate, secrets } = message;
  let client: Client | null = null;
  try {
    if (!allowPrivate) assertPublicHost(url);
    const connect = buildConnector({
      timeout: limits.connectMs,
      ...(!allowPrivate && { lookup: publicLookup }),
    });
    client = new Client(url.origin, {
      connect,
      pipelining: 0,
      maxHeaderSize: MAX_HEAD_BYTES,
      headersTimeout: limits.answerMs,
      bodyTimeout: limits.bodyMs,
    });
    const overall = AbortSignal.timeout(limits.connectMs + limits.answerMs);
    const answer = await client.request({
      method: 'POST',
      path: `${url.pathname}${url.search}`,
      headers: { ...headers, ...authorizationOf(url), 'user-agent': 'Jobato' },
      body,
      signal: AbortSignal.any([stop, overall]),
    });
    const excerpt = answerExcerpt(await beginningOf(answer.body, limits.bodyMs), [
      ...hiddenPartsOf(url),
      ...secrets,
    ]);
    return { code: 'http', status: answer.statusCode, text: excerpt, ...retryAfter(answer.headers) };
  } catch (error) {
    return answerTo(error);
  } finally {
    // Not awaited: a peer that does not close its side must not hold the slot.
    client?.destroy().catch(() => undefined);
  }
}

/** Reads the first bytes of a body, within a time limit. */
async function beginningOf(body: AsyncIterable<Buffer>, withinMs: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const read = async () => {
    let bytes = 0;
    for await (const chunk of body) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= MAX_BODY_BYTES) return;
    }
  };
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, withinMs)));
  await Promise.race([read().catch(() => undefined), late]);
  clearTimeout(timer);
  return Buffer.concat(chunks).subarray(0, MAX_BODY_BYTES);
}

/** Credentials in a URL are sent as every client does, so that they need no other place. */
function authorizationOf(url: URL): Record<string, string> {
  if (url.username === '' && url.password === '') return {};
  return { authorization: `Basic ${basicToken(credentialsOf(url))}` };
}

/** Parses Retry-After: seconds or a date. The date is compared with the receiver's own clock, if it sends one. */
function retryAfter(headers: Record<string, string | string[] | undefined>): { retryAfterSeconds?: number } {
  const [value] = [headers['retry-after'] ?? []].flat();
  if (value === undefined) return {};
  if (/^\d{1,9}$/.test(value)) return { retryAfterSeconds: Number(value) };
  const [date] = [headers.date ?? []].flat();
  const nowMs = Date.parse(date ?? '') || Date.now();
  const seconds = Math.ceil((Date.parse(value) - nowMs) / 1000);
  return Number.isFinite(seconds) ? { retryAfterSeconds: Math.max(0, seconds) } : {};
}

function answerTo(error: unknown): Answer {
  if (error instanceof PrivateAddressError) return { code: 'private-address', address: error.address };
  const { code = '', name = '', cause } = error as { code?: string; name?: string; cause?: unknown };
  if (cause instanceof PrivateAddressError) return { code: 'private-address', address: cause.address };
  // The code of a DOMException, such as that of a timeout, is a number.
  const reason = (typeof code === 'string' && code !== '' ? code : name).slice(0, 60);
  if (reason === 'UND_ERR_CONNECT_TIMEOUT') return { code: 'timeout', phase: 'connect' };
  if (['UND_ERR_HEADERS_TIMEOUT', 'TimeoutError', 'ETIMEDOUT'].includes(reason))
    return { code: 'timeout', phase: 'answer' };
  if (['ENOTFOUND', 'EAI_AGAIN', 'ENODATA'].includes(reason)) return { code: 'name-unknown', reason };
  if (TLS_CODES.test(reason)) return { code: 'certificate', reason };
  if (/^HPE_|^HTTPParserError$|OVERFLOW|CONTENT_LENGTH/.test(reason))
    return { code: 'broken-answer', reason };
  return { code: 'no-connection', reason: reason === '' ? 'unknown' : reason };
}
