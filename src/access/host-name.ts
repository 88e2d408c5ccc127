import { LRUCache } from 'lru-cache';
import { isLoopback } from '../config/ip-address';

export interface HostName {
  /** In lower case and without the port; null if the header is malformed. */
  name: string | null;
  /** Only this machine can reach the name. */
  isLoopback: boolean;
}

const MALFORMED: HostName = { name: null, isLoopback: false };
/** A DNS name has at most 253 characters. */
const MAX_LENGTH = 300;

/** Each request asks for its host, and clients use few: parsing one takes longer than all other access rules. */
const parsed = new LRUCache<string, HostName>({ max: 100, memoMethod: parse });

/** Parses a `Host` header. */
export function hostName(header: string | undefined): HostName {
  if (header === undefined || header.length > MAX_LENGTH) return MALFORMED;
  return parsed.memo(header);
}

/** Returns a configured host as browsers send it: an IPv6 address in brackets and in its shortest form. */
export function asInHeader(host: string): string | null {
  return hostName(/^[^[].*:.*:/.test(host) ? `[${host}]` : host).name;
}

function parse(header: string): HostName {
  const url = `http://${header}`;
  if (!/^[\w.\-:[\]]+$/.test(header) || !URL.canParse(url)) return MALFORMED;
  const name = new URL(url).hostname;
  return { name, isLoopback: isLoopback(name) };
}
