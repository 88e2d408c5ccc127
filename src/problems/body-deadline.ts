import type { IncomingMessage } from 'node:http';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { JobatoError } from './catalogue';
import { hasBody } from './request-body';

/** A body under way: the time until it must be whole. */
interface Deadline {
  set: (withinMs: number) => void;
}

const deadlines = new WeakMap<IncomingMessage, Deadline>();

/**
 * Bounds the time that a request's body may take, so that slow senders cannot hold connections open. Node's own
 * `requestTimeout` knows one limit for all requests, which is too short for large files on slow lines.
 * @param refuse answers a request whose time is over
 */
export function bodyDeadline(
  withinMs: number,
  refuse: (error: JobatoError, request: Request, response: Response) => void,
): RequestHandler {
  return (request: Request, response: Response, next: NextFunction) => {
    if (!hasBody(request)) return next();
    let timer: NodeJS.Timeout | null = null;
    const clear = () => {
      if (timer) clearTimeout(timer);
    };
    const set = (ms: number) => {
      clear();
      if (request.complete || request.destroyed) return;
      timer = setTimeout(() => {
        if (!request.complete) refuse(tooSlow(ms), request, response);
      }, ms).unref();
    };
    request.once('end', clear).once('close', clear);
    deadlines.set(request, { set });
    set(withinMs);
    next();
  };
}

/** Gives a request another time for its body, counted from now. */
export function moveBodyDeadline(request: IncomingMessage, withinMs: number): void {
  deadlines.get(request)?.set(withinMs);
}

function tooSlow(withinMs: number): JobatoError {
  return new JobatoError('REQUEST_TIMEOUT', `The body did not arrive within ${withinMs / 1000} s.`);
}
