/** A vacancy on one board. */
export interface Posting {
  /** Provider and board, such as `greenhouse:acme`. */
  source: string;
  url: string;
  title: string;
  /** Empty if the source does not name it. */
  company: string;
  /** Empty if the source does not name it. */
  location: string;
  /** ISO 8601; null if the source does not say. */
  postedAt: string | null;
  /** Plain text of the description. */
  text: string;
  /** The description as recorded, in place of the page on the web. Null for postings that are not recorded. */
  recordedHtml: string | null;
}

/** A posting that fits at least one search. */
export interface FoundPosting extends Posting {
  /** Ids of the queries. */
  queries: string[];
}

/** A posting with the text that it is compared and scored by. */
export interface CapturedPosting extends FoundPosting {
  /** Whether this run read its page; null if it did not try. */
  page: 'captured' | 'missing' | null;
  /** True if an earlier run read the page of a feed's posting, so that the text is only the summary again. */
  isSummary: boolean;
}

/** A posting as a provider describes it, before its members are checked and cut. */
export interface RawPosting {
  url: unknown;
  title: unknown;
  company: unknown;
  location: unknown;
  postedAt: unknown;
  text: string;
  html: string;
}

export const MAX_TEXT_LENGTH = 20_000;
const MAX = { url: 2000, title: 300, company: 200, location: 300 };

/** Returns the posting within limits; null without a title or an HTTP address. */
export function postingFrom(
  raw: RawPosting,
  source: string,
  defaults: { company: string; isRecorded: boolean },
): Posting | null {
  const title = oneLine(raw.title, MAX.title);
  const url = typeof raw.url === 'string' ? raw.url.trim() : '';
  if (title === '' || url.length > MAX.url || !isHttp(url)) return null;
  return {
    source,
    url,
    title,
    company: oneLine(raw.company, MAX.company) || defaults.company,
    location: oneLine(raw.location, MAX.location),
    postedAt: timeOf(raw.postedAt),
    text: raw.text.slice(0, MAX_TEXT_LENGTH),
    recordedHtml: defaults.isRecorded ? raw.html : null,
  };
}

function oneLine(value: unknown, most: number): string {
  if (typeof value !== 'string') return '';
  return value
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .slice(0, most);
}

function isHttp(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

function timeOf(value: unknown): string | null {
  if (typeof value !== 'string' && typeof value !== 'number') return null;
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}
