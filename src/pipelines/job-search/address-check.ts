import { lookup as lookupAll, type LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { IPv4, IPv6, isValid, parse } from 'ipaddr.js';

/** A request would have gone to an address that is not public. */
export class PrivateAddressError extends Error {
  constructor(readonly address: string) {
    super(`The address ${address} is not public.`);
    this.name = 'PrivateAddressError';
  }
}

/**
 * Whether an address belongs to the public internet. An address that stands for an IPv4 address (mapped, NAT64) is
 * judged by that one. Tunnels are refused, because their destination is unknown.
 */
export function isPublicAddress(text: string): boolean {
  if (!isValid(text)) return false;
  const address = parse(text);
  if (address instanceof IPv4) return address.range() === 'unicast';
  const embedded = embeddedIPv4(address);
  if (embedded !== null) return embedded.range() === 'unicast';
  const [first = 0] = address.parts;
  return first >= 0x2000 && first <= 0x3fff && address.range() === 'unicast';
}

/** Returns the IPv4 address in ::ffff:0:0/96 or 64:ff9b::/96. */
function embeddedIPv4(address: IPv6): IPv4 | null {
  const prefix = address.parts.slice(0, 6).join(' ');
  if (prefix !== '0 0 0 0 0 65535' && prefix !== `${0x64} ${0xff9b} 0 0 0 0`) return null;
  return new IPv4(address.toByteArray().slice(12));
}

/**
 * Resolves a host name for a connection, which then uses exactly the checked addresses. A second look-up could return
 * others. Fails if any of them is not public, because the system chooses among them.
 */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  lookupAll(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
    if (error) return callback(error, '', 0);
    const hidden = addresses.find(({ address }) => !isPublicAddress(address));
    if (hidden) return callback(new PrivateAddressError(hidden.address), '', 0);
    if (options.all === true) return callback(null, addresses);
    const [first] = addresses;
    return callback(null, first!.address, first!.family);
  });
};

/**
 * Refuses a host that is an address and not public: such hosts are not looked up. The URL parser has already turned
 * forms such as 0x7f.1 and 2130706433 into 127.0.0.1.
 * @throws PrivateAddressError
 */
export function assertPublicHost({ hostname }: URL): void {
  const host = hostname.replace(/^\[|\]$/g, '');
  if (isValid(host) && !isPublicAddress(host)) throw new PrivateAddressError(host);
}
