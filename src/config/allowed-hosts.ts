import { isIP } from 'node:net';

/** Returns what is wrong with an entry of ALLOWED_HOSTS that no `Host` header can ever match, or null. */
export function flawOfAllowedHost(entry: string): string | null {
  const name = entry.replace(/^\[(.*)\]$/, '$1');
  if (isIP(name) !== 0) return null;
  if (entry === '*') return 'is not supported. List the names, or use .example.com to allow all subdomains';
  if (entry.includes('*'))
    return 'contains "*", which is not supported. Use .example.com to allow all subdomains of example.com';
  if (entry.includes('/')) return 'must be a host name without a scheme or path';
  if (/:\d*$/.test(entry)) return 'must be a host name without a port';
  return /^\.?[a-z\d_](?:[\w-]*\w)?(?:\.[a-z\d_](?:[\w-]*\w)?)*$/i.test(entry)
    ? null
    : 'is not a host name such as jobato.example.com';
}

/** Whether the entry allows this name, which must be in lower case and without a port. */
export function allowsHost(entry: string, name: string): boolean {
  return entry.startsWith('.') ? name.endsWith(entry) && name.length > entry.length : entry === name;
}
