import type { ServerResponse } from 'node:http';
import type { JobatoError } from './catalogue';

/** Tells clients when the same request may succeed, where that is known. */
export function setRetryAfter(response: ServerResponse, { extras }: JobatoError): void {
  if (extras.retryAfterSeconds === undefined) return;
  response.setHeader('Retry-After', String(extras.retryAfterSeconds));
}
