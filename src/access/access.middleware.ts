import type { NextFunction, Request, Response } from 'express';
import type { Config } from '../config/config';
import { JobatoError } from '../http/problem-catalogue';
import type { ProblemFilter } from '../http/problem.filter';
import { type AccessDecision, decideAccess, isInternal, mayGuessKey } from './access-rules';
import type { LoginBrake } from './login-brake';
import { pageBehind } from './page-behind';
import { header } from './session';
import type { Sessions } from './sessions';

export interface Brakes {
  ofTokens: LoginBrake;
  ofKeys: LoginBrake;
}

/** Applies the access rules before all routes, static files, documentation, and unknown paths. */
export function accessMiddleware(
  config: Config,
  brakes: Brakes,
  sessions: Sessions,
  problems: ProblemFilter,
) {
  return async (request: Request, response: Response, next: NextFunction): Promise<void> => {
    let trouble: unknown = null;
    const session = await sessions.of(request).catch((error: unknown) => {
      trouble = error;
      return null;
    });
    if (session !== null) sessions.sendTo(session, response);
    const decision = await decide(request, config, brakes, session !== null);
    if (decision.allowed) {
      // The frame of a page contains data about the installation.
      response.locals.isInside = decision.isOutside !== true;
      next();
      return;
    }
    const { code, detail, retryAfterSeconds } = decision;
    if (trouble !== null) {
      problems.send(trouble, request, response); // do not redirect a user who may be signed in
    } else if (code === 'UNAUTHORIZED' && isPage(request)) {
      const wanted = request.method === 'GET' ? request.originalUrl : (pageBehind(request, config) ?? '/');
      response.redirect(303, `/login?next=${encodeURIComponent(wanted)}`);
    } else {
      problems.send(new JobatoError(code, detail, { retryAfterSeconds }), request, response);
    }
  };
}

async function decide(
  request: Request,
  config: Config,
  brakes: Brakes,
  hasSession: boolean,
): Promise<AccessDecision> {
  const { headers, method, path, ip } = request;
  const apiKey = header(request, 'x-jobato-api-key');
  const decideAfter = ({ waitSeconds = 0, keyWaitSeconds = 0 }) =>
    decideAccess(
      {
        method,
        path,
        host: headers.host,
        forwardedHost: request.host,
        origin: headers.origin,
        secFetchSite: header(request, 'sec-fetch-site'),
        isSecure: request.secure,
        authorization: headers.authorization,
        apiKey,
        hasSession,
        waitSeconds,
        keyWaitSeconds,
      },
      config,
    );
  if (isInternal(path)) {
    if (!mayGuessKey(apiKey, config.apiKeys)) return decideAfter({});
    return brakes.ofKeys.inTurn(async () => {
      const decision = decideAfter({ keyWaitSeconds: await brakes.ofKeys.waitSeconds(ip) });
      if (decision.allowed && decision.byKey) brakes.ofKeys.right(ip);
      if (!decision.allowed && decision.wrongKey !== undefined)
        await brakes.ofKeys.wrong(ip, decision.wrongKey);
      return decision;
    });
  }
  const mayGuess = config.adminToken !== null && headers.authorization !== undefined;
  if (!mayGuess) return decideAfter({});
  return brakes.ofTokens.inTurn(async () => {
    const decision = decideAfter({ waitSeconds: await brakes.ofTokens.waitSeconds(ip) });
    if (decision.allowed && decision.byToken) brakes.ofTokens.right(ip);
    if (!decision.allowed && decision.wrongToken !== undefined) {
      await brakes.ofTokens.wrong(ip, decision.wrongToken);
    }
    return decision;
  });
}

function isPage(request: Request): boolean {
  return !request.path.toLowerCase().startsWith('/api') && request.accepts(['html', 'json']) === 'html';
}
