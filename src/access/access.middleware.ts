import type { NextFunction, Request, Response } from 'express';
import type { Config } from '../config/config';
import { JobatoError } from '../problems/catalogue';
import type { ProblemFilter } from '../problems/problem.filter';
import { decideAccess } from './access-rules';
import type { LoginBrake } from './login-brake';
import { pageBehind } from './page-behind';
import { header, sessionOf } from './session';

/** Stands before everything: routes, static files, documentation, and addresses that do not exist. */
export function accessMiddleware(config: Config, brake: LoginBrake, problems: ProblemFilter) {
  return async (request: Request, response: Response, next: NextFunction): Promise<void> => {
    const { headers, method, path, ip } = request;
    const mayGuess = config.adminToken !== null && headers.authorization !== undefined;
    const decision = decideAccess(
      {
        method,
        path,
        host: headers.host,
        origin: headers.origin,
        secFetchSite: header(request, 'sec-fetch-site'),
        isSecure: request.secure,
        authorization: headers.authorization,
        apiKey: header(request, 'x-jobato-api-key'),
        hasSession: sessionOf(request, config) !== null,
        waitSeconds: mayGuess ? await brake.waitSeconds(ip) : 0,
      },
      config,
    );
    if (decision.allowed) {
      if (decision.byToken) brake.right(ip);
      next();
      return;
    }
    const { code, detail, retryAfterSeconds, wrongToken } = decision;
    if (wrongToken !== undefined) await brake.wrong(ip, wrongToken);
    if (code === 'UNAUTHORIZED' && isPage(request)) {
      const wanted = method === 'GET' ? request.originalUrl : (pageBehind(request) ?? '/');
      response.redirect(303, `/login?next=${encodeURIComponent(wanted)}`);
    } else {
      problems.send(new JobatoError(code, detail, { retryAfterSeconds }), request, response);
    }
  };
}

function isPage(request: Request): boolean {
  return !request.path.toLowerCase().startsWith('/api') && request.accepts(['html', 'json']) === 'html';
}
