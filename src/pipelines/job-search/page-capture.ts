import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { bodyText } from './body-text';
import { QuotaReached } from './call-budget';
import { FetchFailure } from './fetch-failure';
import { isBelow } from './host-rules';
import { mainTextOf } from './html-text';
import type { HttpClient } from './http-client';
import { jobIdOf } from './normalised-url';
import type { FoundPosting } from './posting';
import { Robots } from './robots';
import { writeDurably } from './step-files';

export type CaptureOutcome =
  | { state: 'captured'; text: string }
  /** The page is on a host outside of the allow-list, or robots.txt disallows it. */
  | { state: 'skipped'; problem: string }
  | { state: 'failed'; problem: string }
  | { state: 'quota-reached' };

/** Stores the pages of postings as they came, one file for each. */
export class PageCapture {
  private readonly robots: Robots;
  private readonly allows = ({ hostname }: URL): boolean => isBelow(hostname, this.domains);

  /** @param domains hosts that may be read */
  constructor(
    private readonly client: HttpClient,
    private readonly domains: ReadonlySet<string>,
    private readonly htmlDir: string,
    private readonly maxBytes: number,
  ) {
    this.robots = new Robots(client, this.allows);
    mkdirSync(htmlDir, { recursive: true });
  }

  async capture(posting: FoundPosting): Promise<CaptureOutcome> {
    if (posting.recordedHtml !== null) return this.store(posting, Buffer.from(posting.recordedHtml), 'utf-8');
    const url = new URL(posting.url);
    if (!this.allows(url)) return { state: 'skipped', problem: `${url.host} is not on the allow-list.` };
    try {
      const { body, contentType } = await this.client.get(url, {
        accept: 'text/html, application/xhtml+xml',
        maxBytes: this.maxBytes,
        allows: this.allows,
        permit: (address) => this.robots.assertAllowed(address),
      });
      if (!/^\s*(text\/html|application\/xhtml\+xml)\b/i.test(contentType))
        throw new FetchFailure('not-html', `${url.href} is not an HTML page (${contentType || 'no type'}).`);
      return this.store(posting, body, contentType);
    } catch (error) {
      if (error instanceof QuotaReached) return { state: 'quota-reached' };
      if (!(error instanceof FetchFailure)) throw error;
      const isUnwanted = error.code === 'robots' || error.code === 'host-not-allowed';
      return { state: isUnwanted ? 'skipped' : 'failed', problem: error.message };
    }
  }

  private store(posting: FoundPosting, body: Buffer, contentType: string): CaptureOutcome {
    writeDurably(path.join(this.htmlDir, `${jobIdOf(posting.url)}.html`), body);
    return { state: 'captured', text: mainTextOf(bodyText(body, contentType)) };
  }
}
