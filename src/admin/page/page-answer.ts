import type { Request, Response } from 'express';
import { JobatoError } from '../../http/catalogue';
import { setRetryAfter } from '../../http/retry-after';
import { type Notice, noticeOf, statusOf } from './notice';

/** Whether htmx asks, which takes a part of a page; a browser by itself takes the whole. */
export function wantsPart(request: Request): boolean {
  return request.headers['hx-request'] === 'true';
}

/** On to another page, however the request was made. */
export function leadTo(href: string, request: Request, response: Response): void {
  if (wantsPart(request)) response.setHeader('HX-Redirect', href).status(204).end();
  else response.redirect(303, href);
}

/** Done, and to be seen where one is: the page reads itself again. */
export function showDone(href: string, request: Request, response: Response): void {
  if (wantsPart(request)) response.setHeader('HX-Trigger', 'run-changed').status(200).end();
  else response.redirect(303, href);
}

/**
 * Does what a form asked for. What cannot be done is said beside its button: `again` shows the whole page with the
 * notice in it; htmx gets the notice alone, and what else `part` says about the form. Who is refused has often not
 * heard yet of what is in the way, so the page reads itself again as well.
 * @param formAt the page with the fields that the notice leads to, where that is another one
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
      response.setHeader('HX-Trigger', 'run-changed').render('part-notice', { notice, ...part(error) });
    } else {
      await again(notice, error);
    }
  }
}

/** A parameter of the address that is given once; anything else is none. */
export function textOrNull(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
