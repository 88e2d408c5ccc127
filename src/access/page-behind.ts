import type { Request } from 'express';

/** The page of ours that a form was sent from, as far as the browser says so: a path, never an address elsewhere. */
export function pageBehind({ headers }: Request): string | null {
  const said = headers['hx-current-url'] ?? headers.referer;
  if (typeof said !== 'string' || !URL.canParse(said)) return null;
  const { protocol, host, pathname, search } = new URL(said);
  if (!/^https?:$/.test(protocol) || host !== headers.host?.toLowerCase()) return null;
  return localPath(pathname + search);
}

/** The form that brings it may be of 1 MiB, and it goes into a header. */
const MAX_LENGTH = 4096;

/** Only ever back to a page of ours: never `//elsewhere` or an address with a scheme. */
export function localPath(path: unknown): string | null {
  return typeof path === 'string' && path.length <= MAX_LENGTH && /^\/(?![/\\])[^\r\n\t]*$/.test(path)
    ? path
    : null;
}
