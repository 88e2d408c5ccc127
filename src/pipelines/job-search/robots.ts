import robotsParser, { type Robot } from 'robots-parser';
import { bodyText } from './body-text';
import { FetchFailure } from './fetch-failure';
import { type HttpClient, USER_AGENT } from './http-client';

/** RFC 9309 asks for at least 500 KiB. Lines after that are ignored. */
const MAX_BYTES = 512 * 1024;

/** Follows robots.txt as RFC 9309 describes it. Each host is asked once in a step. */
export class Robots {
  private readonly byOrigin = new Map<string, Promise<Robot | 'unreachable'>>();

  constructor(
    private readonly client: HttpClient,
    private readonly allows: (url: URL) => boolean,
  ) {}

  /** @throws FetchFailure if the site does not want the address to be read, or its rules cannot be read */
  async assertAllowed(url: URL): Promise<void> {
    let rules = this.byOrigin.get(url.origin);
    if (rules === undefined) {
      rules = this.load(new URL('/robots.txt', url));
      this.byOrigin.set(url.origin, rules);
    }
    const robot = await rules;
    if (robot === 'unreachable')
      throw new FetchFailure('robots', `The robots.txt of ${url.host} cannot be read.`);
    if (robot.isAllowed(url.href, USER_AGENT) === false)
      throw new FetchFailure('robots', `The robots.txt of ${url.host} disallows ${url.pathname}.`);
  }

  private async load(url: URL): Promise<Robot | 'unreachable'> {
    try {
      const answer = await this.client.get(url, {
        accept: 'text/plain',
        maxBytes: MAX_BYTES,
        cuts: true,
        allows: this.allows,
      });
      return robotsParser(url.href, bodyText(wholeLines(answer.body), answer.contentType));
    } catch (error) {
      if (!(error instanceof FetchFailure)) throw error;
      const { status } = error;
      // No rules exist. Other failures leave open what the site wants.
      if (status !== null && status >= 400 && status < 500 && status !== 429)
        return robotsParser(url.href, '');
      return 'unreachable';
    }
  }
}

/** Half a line could allow or disallow more than the whole one. */
function wholeLines(body: Buffer): Buffer {
  return body.length < MAX_BYTES ? body : body.subarray(0, body.lastIndexOf('\n') + 1);
}
