export interface SafeLink {
  href: string;
  /** Shown beside the link: the text of a link can claim to lead elsewhere. */
  host: string;
}

const MAX_LENGTH = 2000;

/**
 * Returns the address of a foreign link; null if it is not an ordinary web address. Such text is shown and leads nowhere:
 * `javascript:` would execute it, and a name before "@" looks like a host. Pure.
 */
export function safeLink(text: string): SafeLink | null {
  const trimmed = text.trim();
  // A parser removes line breaks and tabs.
  if (trimmed.length > MAX_LENGTH || /[\s\p{Cc}\p{Cf}]/u.test(trimmed)) return null;
  if (!/^https?:\/\/[^/\\]/i.test(trimmed) || !URL.canParse(trimmed)) return null;
  const { href, host, protocol, username, password } = new URL(trimmed);
  const isWeb = protocol === 'https:' || protocol === 'http:';
  return isWeb && username === '' && password === '' ? { href, host } : null;
}
