import compression from 'compression';
import type { RequestHandler } from 'express';

/**
 * By name, and not all that could be made smaller: a stream of events has to arrive line by line, a log and a file that
 * a run made go out as they are read, with their length.
 */
const COMPRESSED = new Set([
  'text/html',
  'text/css',
  'text/javascript',
  'image/svg+xml',
  'application/json',
  'application/problem+json',
  'application/javascript',
]);

/** Brotli or gzip, whichever a client takes. */
export function compressed(): RequestHandler {
  return compression({
    filter: (_request, response) => {
      const [type = ''] = String(response.getHeader('Content-Type') ?? '').split(';');
      return COMPRESSED.has(type.trim());
    },
  });
}
