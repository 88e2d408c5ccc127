import type { IncomingMessage } from 'node:http';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { JobatoError } from './problem-catalogue';
import { hasBody } from './request-body';

/** The deadline of a request body. */
class Deadline {
  private timer: NodeJS.Timeout | null = null;
  private hasBegun = false;

  constructor(
    private readonly request: IncomingMessage,
    private withinMs: number,
    private readonly refuse: (error: JobatoError) => void,
  ) {}

  begin(): void {
    this.hasBegun = true;
    if (this.isOver) return;
    this.request.once('end', () => this.clear()).once('close', () => this.clear());
    this.setTimer();
  }

  /** Changes the time limit, counted from now. */
  move(withinMs: number): void {
    this.withinMs = withinMs;
    if (this.hasBegun && !this.isOver) this.setTimer();
  }

  private get isOver(): boolean {
    return this.request.complete || this.request.destroyed;
  }

  private setTimer(): void {
    this.clear();
    this.timer = setTimeout(() => {
      if (!this.request.complete) this.refuse(tooSlow(this.withinMs));
    }, this.withinMs).unref();
  }

  private clear(): void {
    if (this.timer) clearTimeout(this.timer);
  }
}

const deadlines = new WeakMap<IncomingMessage, Deadline>();

/**
 * Limits the time for a request's body, so that slow clients cannot keep connections open. Node's own `requestTimeout`
 * has a single limit for all requests, which is too short for large files on slow connections.
 * @param refuse answers a request that missed its deadline
 */
export function bodyDeadline(
  withinMs: number,
  refuse: (error: JobatoError, request: Request, response: Response) => void,
): RequestHandler {
  return (request: Request, response: Response, next: NextFunction) => {
    if (!hasBody(request)) return next();
    const deadline = new Deadline(request, withinMs, (error) => refuse(error, request, response));
    deadlines.set(request, deadline);
    // Most bodies arrive with their headers, and are complete by then.
    setImmediate(() => deadline.begin());
    next();
  };
}

/** Changes the time limit of a request's body, counted from now. */
export function moveBodyDeadline(request: IncomingMessage, withinMs: number): void {
  deadlines.get(request)?.move(withinMs);
}

function tooSlow(withinMs: number): JobatoError {
  return new JobatoError('REQUEST_TIMEOUT', `The request body did not arrive within ${withinMs / 1000} s.`);
}
