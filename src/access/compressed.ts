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

/**
 * Compresses what a client reads, in Brotli or gzip. Answers to other methods are short, and preparing to compress
 * one costs a twentieth of the whole request.
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
