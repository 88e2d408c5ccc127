/**
 * Returns what is wrong with the address of a server, or null. Rejects an address with a user name and password,
 * because `fetch` does, and never repeats it.
 */
export function flawOfServerUrl(url: string): string | null {
  const wanted = 'JOBATO_URL must be a URL such as http://127.0.0.1:3000';
  if (url.includes('@')) return `${wanted}, without user name or password.`;
  const isUsable = URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
  return isUsable ? null : `${wanted}, not "${url}".`;
}
