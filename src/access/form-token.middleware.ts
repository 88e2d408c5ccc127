import type { NextFunction, Request, Response } from 'express';
import type { Config } from '../config/config';
import { JobatoError, PROBLEMS } from '../http/problem-catalogue';
import type { ProblemFilter } from '../http/problem.filter';
import { bearerOf, matchesAny } from './access-rules';
import { formSecret } from './form-secret';
import { FORM_COOKIE, FORM_FIELD, FormTokens, isApi, isFormCookie, needsFormToken } from './form-token';
import { pageBehind } from './page-behind';
import { cookieOf, header } from './session';
import type { Sessions } from './sessions';

/** The longest time that a browser keeps a cookie: a tab restored after a restart needs its cookie. */
const COOKIE_MS = 400 * 24 * 3600 * 1000;

/** Gives every page its form token, and rejects forms without a valid one. Runs after the parsing of forms. */
export function formTokenMiddleware(config: Config, sessions: Sessions, problems: ProblemFilter) {
  const tokens = new FormTokens(formSecret(config));
  return async (request: Request, response: Response, next: NextFunction): Promise<void> => {
    if (isApi(request.path)) {
      next();
      return;
    }
    // The same URL may return a page, or a part of it to htmx.
    response.vary('HX-Request');
    const given = cookieOf(request.headers.cookie, FORM_COOKIE);
    const cookie = isFormCookie(given) ? given : tokens.newCookie();
    // If the database cannot be read, requests without a session still work: the sign-in page, scripts and styles.
    const session = await sessions.of(request).catch(() => null);
    const sessionId = session?.id ?? null;
    handToPages(response, () => {
      if (cookie !== given) setCookie(cookie, config, request, response);
      return tokens.create(cookie, sessionId);
    });
    const { method, path, headers } = request;
    const isFree = !needsFormToken({
      method,
      path,
      origin: headers.origin,
      secFetchSite: header(request, 'sec-fetch-site'),
      referer: headers.referer,
      cookie: headers.cookie,
      hasAdminToken: hasAdminToken(headers.authorization, config),
    });
    const token = (request.body as Record<string, unknown> | undefined)?.[FORM_FIELD];
    if (isFree || tokens.isValid(cookie, sessionId, token)) next();
    else await refuse(cookie === given, config, request, response, problems);
  };
}

/**
 * Exposes the token to every template, so that no page can omit it. Created on first use, because most responses
 * contain no form.
 */
function handToPages({ locals }: Response, make: () => string): void {
  let token: string | null = null;
  Object.defineProperty(locals, FORM_FIELD, { enumerable: true, get: () => (token ??= make()) });
}

function setCookie(cookie: string, { basePath }: Config, request: Request, response: Response): void {
  response.cookie(FORM_COOKIE, cookie, {
    httpOnly: true,
    sameSite: 'lax',
    secure: request.secure,
    maxAge: COOKIE_MS,
    path: basePath || '/',
  });
}

function hasAdminToken(authorization: string | undefined, { adminToken }: Config): boolean {
  return adminToken !== null && matchesAny(bearerOf(authorization), [adminToken]);
}

/** Explains how to recover: the page still exists, and works after a reload. */
async function refuse(
  hasCookie: boolean,
  config: Config,
  request: Request,
  response: Response,
  problems: ProblemFilter,
): Promise<void> {
  const detail = hasCookie
    ? 'Nothing was changed. This form has expired because you signed in or out, cleared your cookies, or opened Jobato in two tabs at once.'
    : 'Nothing was changed. Your browser did not send the cookie that forms require. Allow cookies for this address.';
  if (request.accepts(['html', 'json']) !== 'html') {
    problems.send(
      new JobatoError('FORBIDDEN', `${detail} Reload the page, then submit the form again.`),
      request,
      response,
    );
    return;
  }
  const notice = {
    title: 'This form has expired',
    detail,
    reloadHref: pageBehind(request, config) ?? '/',
  };
  const surroundings = await problems.layoutData(notice.title, response);
  response.status(PROBLEMS.FORBIDDEN.status);
  const view = request.headers['hx-request'] === 'true' ? 'shared/notice-part' : 'error/form-refused';
  response.render(view, { notice, ...surroundings });
}
