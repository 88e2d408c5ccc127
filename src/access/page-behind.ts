import type { Request } from 'express';
import { withoutBasePath } from '../config/base-path';
import { type AccessPolicy, isOwnOrigin } from './access-rules';

/** Returns the path of the Jobato page that sent a form, if the browser reports it. Never returns another site. */
export function pageBehind(
  request: Pick<Request, 'headers' | 'host'>,
  policy: AccessPolicy & { basePath: string },
): string | null {
  const { headers } = request;
  const said = headers['hx-current-url'] ?? headers.referer;
  if (typeof said !== 'string' || !URL.canParse(said)) return null;
  const { protocol, origin, pathname, search } = new URL(said);
  const names = { host: headers.host, forwardedHost: request.host };
  const isOurs = headers['sec-fetch-site'] === 'same-origin' || isOwnOrigin(origin, names, policy);
  if (!/^https?:$/.test(protocol) || !isOurs) return null;
  return localPath(pathname + search, policy.basePath);
}

/** The value comes from a form of up to 1 MiB and is sent in a header. */
const MAX_LENGTH = 4096;

/** Returns the path of a Jobato page as the routes name it; never `//elsewhere` or a URL with a scheme. */
export function localPath(given: unknown, basePath: string): string | null {
  if (typeof given !== 'string' || given.length > MAX_LENGTH) return null;
  const path = withoutBasePath(given, basePath);
  return /^\/(?![/\\])[^\r\n\t]*$/.test(path) ? path : null;
}
