import { isIP } from 'node:net';

/** Returns what is wrong with an entry of ALLOWED_HOSTS that no `Host` header can ever match, or null. */
export function flawOfAllowedHost(entry: string): string | null {
  const name = entry.replace(/^\[(.*)\]$/, '$1');
  if (isIP(name) !== 0) return null;
  if (entry === '*') return 'allows no name: list the names, or write .example.com for all names below it';
  if (entry.includes('*')) return 'has a "*": write .example.com for all names below example.com';
  if (entry.includes('/')) return 'must be a name, without a scheme or a path';
  if (/:\d*$/.test(entry)) return 'must be a name, without a port';
  return /^\.?[a-z\d_](?:[\w-]*\w)?(?:\.[a-z\d_](?:[\w-]*\w)?)*$/i.test(entry)
    ? null
    : 'is not a name such as jobato.example.com';
}

/** Whether the entry allows this name, which must be in lower case and without a port. */
export function allowsHost(entry: string, name: string): boolean {
  return entry.startsWith('.') ? name.endsWith(entry) && name.length > entry.length : entry === name;
}
