import type { Request, Response } from 'express';
import { JobatoError } from '../../http/problem-catalogue';
import { setRetryAfter } from '../../http/retry-after';
import { type Notice, noticeOf, statusOf } from './notice';

/** Returns true for a request from htmx, which needs only a part of the page. */
export function wantsPart(request: Request): boolean {
  return request.headers['hx-request'] === 'true';
}

/** Sends the browser to another page, after a form post or an htmx request. */
export function leadTo(href: string, request: Request, response: Response): void {
  if (wantsPart(request)) response.setHeader('HX-Redirect', href).status(204).end();
  else response.redirect(303, href);
}

/** Reports success on the same page: htmx reloads its parts, a browser follows a redirect. */
export function showDone(href: string, request: Request, response: Response): void {
  if (wantsPart(request)) response.setHeader('HX-Trigger', 'run-changed').status(200).end();
  else response.redirect(303, href);
}

/** Reports that pauses have changed, as `showDone` does. The header of the page shows them. */
export function showPauses(href: string, request: Request, response: Response): void {
  if (wantsPart(request)) response.setHeader('HX-Trigger', 'run-changed, pauses-changed').status(200).end();
  else response.redirect(303, href);
}

/**
 * Performs a form action and shows a refusal beside its button. `again` renders the whole page with the notice;
 * htmx receives only the notice and the result of `part`. The page also reloads, because it often does not show the
 * cause yet.
 * @param formAt address of the page with the fields that the notice links to, if it is another one
 */
export async function carryOut(
  request: Request,
  response: Response,
  action: () => Promise<void>,
  again: (notice: Notice, error: JobatoError) => Promise<void>,
  part: (error: JobatoError) => object = () => ({}),
  formAt = '',
): Promise<void> {
  try {
    await action();
  } catch (error) {
    if (!(error instanceof JobatoError)) throw error;
    const notice = noticeOf(error, formAt);
    response.status(statusOf(error));
    setRetryAfter(response, error);
    if (wantsPart(request)) {
      response
        .setHeader('HX-Trigger', 'run-changed')
        .render('shared/notice-part', { notice, ...part(error) });
    } else {
      await again(notice, error);
    }
  }
}

/** Returns a query parameter that occurs once; null for all other values. */
export function textOrNull(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
