/**
 * Returns a key that two searches share if they differ only in case and white space. No domain contains white space, so
 * the key belongs to one pair of domain and text.
 */
export function searchKey(text: string, domain: string): string {
  return searchQueryOf(text, domain).toLowerCase().replace(/\s+/g, ' ').trim();
}

export function searchQueryOf(text: string, domain: string): string {
  return `site:${domain} ${text}`;
}
