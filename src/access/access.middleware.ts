import type { NextFunction, Request, Response } from 'express';
import type { Config } from '../config/config';
import { JobatoError } from '../problems/catalogue';
import type { ProblemFilter } from '../problems/problem.filter';
import { decideAccess } from './access-rules';
import { cookieOf, isValidSession, SESSION_COOKIE } from './session';

/** Stands before everything: routes, static files, documentation, and addresses that do not exist. */
export function accessMiddleware(config: Config, problems: ProblemFilter) {
  return (request: Request, response: Response, next: NextFunction): void => {
    const { headers, method, path } = request;
    const decision = decideAccess(
      {
        method,
        path,
        host: headers.host,
        origin: headers.origin,
        secFetchSite: header(request, 'sec-fetch-site'),
        authorization: headers.authorization,
        apiKey: header(request, 'x-jobato-api-key'),
        hasSession:
          config.adminToken !== null &&
          isValidSession(cookieOf(headers.cookie, SESSION_COOKIE), config.adminToken, Date.now()),
      },
      config,
    );
    if (decision.allowed) {
      next();
    } else if (decision.code === 'UNAUTHORIZED' && isPage(request)) {
      response.redirect(
        303,
        `/login?next=${encodeURIComponent(method === 'GET' ? request.originalUrl : '/')}`,
      );
    } else {
      problems.send(new JobatoError(decision.code, decision.detail), request, response);
    }
  };
}

function isPage(request: Request): boolean {
  return !request.path.toLowerCase().startsWith('/api') && request.accepts(['html', 'json']) === 'html';
}

function header(request: Request, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}
