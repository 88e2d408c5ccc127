import { basicToken, credentialsOf } from './url-credentials';

const MAX_LENGTH = 300;
/** Shorter parts of a URL, such as "/hook", are not secret and would hide too much. */
const MIN_HIDDEN = 6;

/**
 * Returns the beginning of an answer as one line of plain text; null if it is empty. The receiver is not trusted: it may
 * send control characters, or repeat the URL and secrets of the channel, which are replaced.
 */
export function answerExcerpt(body: Buffer, hidden: readonly string[]): string | null {
  let text = body.toString('utf8');
  const parts = hidden.flatMap((part) => [part, encodeURIComponent(part)]);
  for (const part of [...new Set(parts)].sort((a, b) => b.length - a.length))
    if (part.length >= MIN_HIDDEN) text = text.replaceAll(part, '…');
  const line = text
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\ufffd]+/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  if (line === '') return null;
  return line.length <= MAX_LENGTH ? line : `${line.slice(0, MAX_LENGTH)}…`;
}

/** Returns the parts of a URL that no text may contain, as they are in it and as they are sent. */
export function hiddenPartsOf(url: URL): string[] {
  const segments = url.pathname.split('/').filter((segment) => segment.length >= 8);
  const credentials = credentialsOf(url);
  return [
    url.href,
    url.pathname,
    url.search,
    url.username,
    url.password,
    credentials.username,
    credentials.password,
    basicToken(credentials),
    ...url.searchParams.values(),
    ...segments,
  ].filter((part) => part !== '');
}
