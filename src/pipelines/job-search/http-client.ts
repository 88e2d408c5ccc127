import type { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { Agent, request } from 'undici';
import { assertPublicHost, PrivateAddressError, publicLookup } from './address-check';
import { type CallBudget, QuotaReached } from './call-budget';
import { FetchFailure, type FetchFailureCode } from './fetch-failure';
import { isTemporary, pauseBeforeRetry, retryAfterSeconds } from './retry-rules';

export interface HttpLimits {
  /** For one request, from the connection to the last byte. */
  requestMs: number;
  maxTries: number;
  /** Pause before the first retry; doubled for each further one. */
  retryDelayMs: number;
}

export interface GetOptions {
  accept: string;
  /** Limit of the body, after decompression. */
  maxBytes: number;
  /** Whether a longer body is cut at the limit. Otherwise it is a failure. */
  cuts?: boolean;
  /** Whether the host may be asked: the first address and each redirect. */
  allows: (url: URL) => boolean;
  /** A further check of each address, after the one of its host. Rejects with a FetchFailure. */
  permit?: (url: URL) => Promise<void>;
}

export interface HttpAnswer {
  /** Where the last redirect led. */
  url: URL;
  body: Buffer;
  contentType: string;
}

type Response = Awaited<ReturnType<typeof request>>;
type Hop = { kind: 'answer'; answer: HttpAnswer } | { kind: 'redirect'; to: URL };

/** Sites can allow or disallow this name in robots.txt. */
export const USER_AGENT = 'Jobato';
const MAX_REDIRECTS = 5;
const MAX_HEAD_BYTES = 32 * 1024;

/** Sends GET requests to public addresses, within limits and within the quota. */
export class HttpClient {
  private readonly agent: Agent;

  /** @param allowPrivate for tests with local servers */
  constructor(
    private readonly budget: CallBudget,
    private readonly limits: HttpLimits,
    private readonly allowPrivate: boolean,
  ) {
    this.agent = new Agent({
      connect: { timeout: limits.requestMs, ...(!allowPrivate && { lookup: publicLookup }) },
      // One connection for each request: undici may repeat a request on a connection that the server has closed, and a
      // repeated request would not be counted.
      pipelining: 0,
      maxHeaderSize: MAX_HEAD_BYTES,
    });
  }

  /** @throws FetchFailure, QuotaReached */
  async get(url: URL, options: GetOptions): Promise<HttpAnswer> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.follow(url, options);
      } catch (error) {
        if (!(error instanceof FetchFailure) || !error.isTemporary) throw error;
        const { maxTries, retryDelayMs } = this.limits;
        const pauseMs = pauseBeforeRetry(tries, error.retryAfterSeconds, { maxTries, delayMs: retryDelayMs });
        if (pauseMs === null) throw error;
        // The retry might have succeeded: the quota is the cause, and not the site.
        if (this.budget.isUsedUp) throw new QuotaReached();
        await delay(pauseMs);
      }
    }
  }

  /** Open connections must not keep the process alive. */
  async close(): Promise<void> {
    await this.agent.destroy();
  }

  private async follow(start: URL, options: GetOptions): Promise<HttpAnswer> {
    let url = start;
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      this.check(url, options);
      await options.permit?.(url);
      const target = url;
      const hop = await this.budget.issue(() => this.send(target, options));
      if (hop.kind === 'answer') return hop.answer;
      url = hop.to;
    }
    throw new FetchFailure('too-many-redirects', `${start.href} redirects more than ${MAX_REDIRECTS} times.`);
  }

  private check(url: URL, { allows }: GetOptions): void {
    if (url.protocol !== 'http:' && url.protocol !== 'https:')
      throw new FetchFailure('host-not-allowed', `${url.href} is not an HTTP address.`);
    if (url.username !== '' || url.password !== '')
      throw new FetchFailure('host-not-allowed', `An address on ${url.host} has a user name or a password.`);
    if (!allows(url)) throw new FetchFailure('host-not-allowed', `${url.host} is not on the allow-list.`);
    if (this.allowPrivate) return;
    try {
      assertPublicHost(url);
    } catch (error) {
      throw failureOf(error, url);
    }
  }

  private async send(url: URL, options: GetOptions): Promise<Hop> {
    let response: Response | undefined;
    try {
      response = await request(url, {
        dispatcher: this.agent,
        signal: AbortSignal.timeout(this.limits.requestMs),
        headers: { accept: options.accept, 'accept-encoding': 'gzip, deflate, br', 'user-agent': USER_AGENT },
      });
      return await readHop(url, response, options);
    } catch (error) {
      throw failureOf(error, url);
    } finally {
      // A body that is not read to its end would keep its connection busy.
      response?.body.on('error', () => {}).destroy();
    }
  }
}

async function readHop(
  url: URL,
  response: Response,
  { maxBytes, cuts = false }: Pick<GetOptions, 'maxBytes' | 'cuts'>,
): Promise<Hop> {
  const { statusCode: status, headers } = response;
  const header = (name: string): string | undefined => [headers[name] ?? []].flat()[0];
  const location = header('location');
  if ([301, 302, 303, 307, 308].includes(status) && location !== undefined) {
    if (!URL.canParse(location, url.href))
      throw new FetchFailure('broken-answer', `${url.href} redirects to an address that is not valid.`);
    return { kind: 'redirect', to: new URL(location, url) };
  }
  if (status !== 200) {
    const seconds = retryAfterSeconds(header('retry-after'), Date.now());
    throw new FetchFailure(
      status === 404 || status === 410 ? 'not-found' : 'http-status',
      `${url.href} answers with status ${status}.`,
      { isTemporary: isTemporary(status), retryAfterSeconds: seconds, status },
    );
  }
  const encoding = (header('content-encoding') ?? 'identity').trim().toLowerCase();
  const body = await readBody(url, response.body, encoding, { maxBytes, cuts });
  return { kind: 'answer', answer: { url, body, contentType: header('content-type') ?? '' } };
}

/** Reads a body within the limit, which counts after decompression: a small answer can grow a thousandfold. */
async function readBody(
  url: URL,
  body: Readable,
  encoding: string,
  { maxBytes, cuts }: { maxBytes: number; cuts: boolean },
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let excess: FetchFailure | null = null;
  const collect = async (source: AsyncIterable<Buffer>): Promise<void> => {
    for await (const chunk of source) {
      bytes += chunk.length;
      chunks.push(chunk);
      if (bytes > maxBytes) {
        excess = new FetchFailure('too-large', `${url.href} answers with more than ${maxBytes} bytes.`);
        throw excess;
      }
    }
  };
  const decoder = decoderFor(url, encoding);
  try {
    await (decoder === null ? pipeline(body, collect) : pipeline(body, decoder, collect));
  } catch (error) {
    // The pipeline may report how it ended the other streams instead.
    if (excess === null || !cuts) throw excess ?? error;
  }
  return Buffer.concat(chunks).subarray(0, maxBytes);
}

function decoderFor(url: URL, encoding: string): Transform | null {
  switch (encoding) {
    case 'identity':
    case '':
      return null;
    case 'gzip':
    case 'x-gzip':
      return createGunzip();
    case 'deflate':
      return createInflate();
    case 'br':
      return createBrotliDecompress();
    default:
      throw new FetchFailure('broken-answer', `${url.href} uses the unknown encoding "${encoding}".`);
  }
}

function failureOf(error: unknown, url: URL): unknown {
  if (error instanceof FetchFailure) return error;
  const { code = '', name = '', cause } = error as NodeJS.ErrnoException & { cause?: unknown };
  const hidden = [error, cause].find((one) => one instanceof PrivateAddressError);
  if (hidden)
    return new FetchFailure('private-address', `${url.host} has a private address (${hidden.address}).`);
  const reason = typeof code === 'string' && code !== '' ? code : name;
  const failure = (kind: FetchFailureCode, text: string, isTemporaryOne: boolean) =>
    new FetchFailure(kind, `${url.href} ${text} (${reason}).`, { isTemporary: isTemporaryOne });
  if (/TimeoutError|TIMEOUT|ETIMEDOUT/.test(reason))
    return failure('timeout', 'does not answer in time', true);
  if (
    /^(HPE_|Z_|ERR__?ERROR_|ERR_BROTLI)|HTTPParserError|OVERFLOW|CONTENT_LENGTH|CONTENT_ENCODING/.test(reason)
  )
    return failure('broken-answer', 'sends a broken answer', false);
  if (/CERT|SSL|TLS|UNABLE_TO_|SELF_SIGNED/.test(reason))
    return failure('connection', 'is not trusted', false);
  // Errors of the system and of the client have a code. Others are our own, and must not look like a broken site.
  if (typeof code === 'string' && code !== '') return failure('connection', 'cannot be reached', true);
  return error;
}
