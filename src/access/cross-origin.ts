import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';

/** Headers that scripts of another origin may read, in addition to the default ones. */
const EXPOSED = [
  'Location',
  'Idempotent-Replayed',
  'X-Request-Id',
  'Retry-After',
  'WWW-Authenticate',
  'Accept-Ranges',
  'Content-Range',
  'Content-Disposition',
  'ETag',
];

/** Makes every response, including errors, readable for pages of these origins. */
export function allowOrigins(app: NestExpressApplication, origins: string[]): void {
  // Preflight requests pass through the access rules like all requests.
  app.enableCors({ origin: origins, exposedHeaders: EXPOSED, preflightContinue: true });
}

/** Answers a preflight request that the access rules allowed. */
export function endPreflight(request: Request, response: Response, next: NextFunction): void {
  if (request.method === 'OPTIONS') response.status(204).setHeader('Content-Length', '0').end();
  else next();
}
