import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';

/** The headers that a script of another origin may read, beside those that every script may. */
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

/** Marks every answer, refusals too, as readable for pages of these origins. */
export function allowOrigins(app: NestExpressApplication, origins: string[]): void {
  // A preflight goes on to the rule of access, as any request does.
  app.enableCors({ origin: origins, exposedHeaders: EXPOSED, preflightContinue: true });
}

/** Answers a preflight that the rule of access let through. */
export function endPreflight(request: Request, response: Response, next: NextFunction): void {
  if (request.method === 'OPTIONS') response.status(204).setHeader('Content-Length', '0').end();
  else next();
}
