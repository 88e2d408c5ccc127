/** Whether a host is one of the domains, or below one of them. */
export function isBelow(host: string, domains: Iterable<string>): boolean {
  const name = host.toLowerCase().replace(/\.$/, '');
  for (const domain of domains) if (name === domain || name.endsWith(`.${domain}`)) return true;
  return false;
}
