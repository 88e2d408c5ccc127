import type { ServerResponse } from 'node:http';
import type { JobatoError } from './problem-catalogue';

/** Sets when a client may retry the same request, if known. */
export function setRetryAfter(response: ServerResponse, { extras }: JobatoError): void {
  if (extras.retryAfterSeconds === undefined) return;
  response.setHeader('Retry-After', String(extras.retryAfterSeconds));
}
