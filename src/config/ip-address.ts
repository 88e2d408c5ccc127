import { isIP } from 'node:net';
import { type IPv4, type IPv6, parse } from 'ipaddr.js';

/** The network interface after a link-local IPv6 address, such as `%eth0.100`. */
const ZONE = /%.*$/;

/**
 * Parses an IP address, without brackets; null if it is none. Node decides what an address is, because ipaddr.js also
 * accepts old forms such as 127.1 and 0x7f000001. The zone is left out, because ipaddr.js rejects some.
 */
export function parseAddress(text: string): IPv4 | IPv6 | null {
  return isIP(text) === 0 ? null : parse(text.replace(ZONE, ''));
}

/** Whether only this machine can reach the name or address. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[|\]$/g, '');
  return name === 'localhost' || parseAddress(name)?.range() === 'loopback';
}
