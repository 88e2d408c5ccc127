import compression from 'compression';
import type { RequestHandler } from 'express';

/**
 * Compressed media types. Excludes event streams, which must arrive line by line. Also excludes logs and artifacts,
 * which are sent as read, with their length.
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

/**
 * Compresses responses to GET and HEAD with Brotli or gzip. Other responses are short, and preparing compression costs
 * a twentieth of the whole request.
 */
export function compressed(): RequestHandler {
  const compress = compression({
    filter: (_request, response) => {
      const [type = ''] = String(response.getHeader('Content-Type') ?? '').split(';');
      return COMPRESSED.has(type.trim());
    },
  });
  return (request, response, next) => {
    if (request.method === 'GET' || request.method === 'HEAD') compress(request, response, next);
    else next();
  };
}
