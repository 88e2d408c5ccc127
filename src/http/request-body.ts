import { once } from 'node:events';
import express, { type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import { BodyBudget } from './body-budget';
import { type FieldError, invalid, JobatoError } from './problem-catalogue';
import { hasMoreMembersThan } from './json-size';

const MEBIBYTE = 1024 * 1024;

interface BodyLimit {
  bytes: number;
  /** Maximum total of members of all objects and lists. */
  members: number;
}

const OBJECT: BodyLimit = { bytes: MEBIBYTE, members: 20_000 };
/** A batch from a worker: many events or log lines. */
export const BATCH: BodyLimit = { bytes: 16 * MEBIBYTE, members: 200_000 };
const FORM_BYTES = MEBIBYTE;
/** Small, because the sign-in form needs no token. */
const LOGIN_BYTES = 16 * 1024;
/** A body counts until its request is answered, so this also bounds writes that wait for the database. */
const ALL_BODIES_BYTES = 128 * MEBIBYTE;
const RETRY_AFTER_SECONDS = 1;
/** No API call needs more, and deeper recursion would overflow the stack. */
const MAX_DEPTH = 100;
const DROPPED = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * - `object`: a small JSON object, validated by a class.
 * - `batch`: a large JSON body of any shape, validated by a schema or per event.
 * - `file`: not parsed, for every type.
 */
type BodyKind = 'object' | 'batch' | 'file';

/** Matches paths as the router does: in any case, with or without a trailing slash. */
const UNUSUAL: { method: string; path: RegExp; kind: BodyKind }[] = [
  { method: 'POST', path: /^\/internal\/events\/?$/i, kind: 'batch' },
  { method: 'POST', path: /^\/internal\/runs\/[^/]+\/logs\/?$/i, kind: 'batch' },
  { method: 'PUT', path: /^\/internal\/runs\/[^/]+\/artifacts\/[^/]+\/?$/i, kind: 'file' },
];

const API_PATH = /^\/api(\/|$)/i;

const budget = new BodyBudget(ALL_BODIES_BYTES);

const BODY_OF: Record<BodyKind, RequestHandler> = {
  object: inTurn(requireJson, json(OBJECT), requireObject),
  batch: inTurn(requireJson, json(BATCH, refuseEmpty), requireBody),
  file: (_request, _response, next) => next(),
};

/** Parses the body of every API call. By default, `request.body` is then a JSON object, empty if no body was sent. */
export const apiBody: RequestHandler = (request, response, next) => {
  const { method, path } = request;
  // A body has no meaning here (RFC 9110, 9.3.1), so it is not read.
  if (method === 'GET' || method === 'HEAD') return next();
  const kind = UNUSUAL.find((rule) => rule.method === method && rule.path.test(path))?.kind ?? 'object';
  void BODY_OF[kind](request, response, next);
};

const pageBody: RequestHandler = inTurn(
  express.Router().post('/login', withinBudget(LOGIN_BYTES), form(LOGIN_BYTES)),
  withinBudget(FORM_BYTES),
  form(FORM_BYTES),
);

/** Parses the forms of pages. An uploaded file stays unread: curl sends it with the content type of a form. */
export const formBody: RequestHandler = (request, response, next) => {
  if (API_PATH.test(request.path)) return next();
  void pageBody(request, response, next);
};

function form(bytes: number): RequestHandler {
  return translated(express.urlencoded({ extended: false, limit: bytes }));
}

function json({ bytes, members }: BodyLimit, check?: (body: Buffer) => void): RequestHandler {
  const verify = (_request: unknown, _response: unknown, body: Buffer, charset: string) => {
    check?.(body);
    if (charset !== 'utf-8') throw Object.assign(new Error(charset), { type: 'charset.unsupported' });
    if (hasMoreMembersThan(members, body)) throw Object.assign(new Error(), { type: 'members.too.many' });
  };
  return inTurn(withinBudget(bytes), translated(express.json({ limit: bytes, verify })));
}

/** @param limit the bytes that the body can have when it is decompressed */
function withinBudget(limit: number): RequestHandler {
  return (request, response, next) => {
    if (!hasBody(request)) return next();
    const { 'content-length': length, 'content-encoding': encoding = 'identity' } = request.headers;
    const isKnown = length !== undefined && encoding === 'identity';
    const bytes = isKnown ? Math.min(Number(length), limit) : limit;
    const share = budget.take(bytes);
    if (share === null) {
      const detail = 'The server is handling too many large requests at the moment. Try again later.';
      throw new JobatoError('SERVER_BUSY', detail, { retryAfterSeconds: RETRY_AFTER_SECONDS });
    }
    response.once('close', share.release);
    next();
  };
}

function inTurn(...handlers: RequestHandler[]): RequestHandler {
  return express.Router().use(...handlers);
}

export function hasBody({ headers }: Request): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** The parser returns an empty object for an empty body. An empty batch is more likely a mistake. */
function refuseEmpty(body: Buffer): void {
  if (body.length === 0) throw emptyBody();
}

function requireBody(request: Request, _response: Response, next: NextFunction): void {
  if (request.body === undefined) throw emptyBody();
  next();
}

function emptyBody(): JobatoError {
  return invalid([{ field: '', message: 'must not be empty' }]);
}

/** Rejects other media types: such a body would be ignored, and a run would start without its params. */
async function requireJson(request: Request, _response: Response, next: NextFunction): Promise<void> {
  if (hasBody(request) && !request.is('application/json') && !(await isEmpty(request))) {
    throw new JobatoError(
      'UNSUPPORTED_MEDIA_TYPE',
      'The request body must be JSON with Content-Type: application/json.',
    );
  }
  next();
}

/** Some proxies and clients send an empty chunked body. Waits for the first chunk. */
async function isEmpty(request: Request): Promise<boolean> {
  if (request.headers['transfer-encoding'] === undefined) return false;
  const arrived = await Promise.race([once(request, 'data'), once(request, 'end')]);
  return arrived.length === 0;
}

function requireObject(request: Request, _response: Response, next: NextFunction): void {
  request.body ??= {};
  const body = request.body as object;
  if (Array.isArray(body)) throw invalid([{ field: '', message: 'must be a JSON object, not a list' }]);
  const errors = Object.keys(body)
    .filter((name) => name in Object.prototype)
    .map((field) => ({ field, message: 'is not a known field' }));
  if (errors.length === 0) errors.push(...complaintsAbout(body));
  if (errors.length > 0) throw invalid(errors);
  next();
}

/** Returns errors that Nest's validation would silently drop, and nesting that would overflow its stack. */
function complaintsAbout(body: object): FieldError[] {
  const errors: FieldError[] = [];
  let level: Place[] = [{ name: '', parent: null, value: body }];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH)
      return [{ field: '', message: `must not be nested deeper than ${MAX_DEPTH} levels` }];
    level = level.flatMap(placesIn);
    for (const place of level) {
      if (!DROPPED.has(place.name)) continue;
      errors.push({ field: pathOf(place), message: 'is a reserved name' });
    }
  }
  return errors;
}

interface Place {
  name: string;
  parent: Place | null;
  value: unknown;
}

function placesIn(parent: Place): Place[] {
  const { value } = parent;
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).map(([name, member]) => ({ name, parent, value: member as unknown }));
}

function pathOf({ name, parent }: Place): string {
  return parent === null || parent.parent === null ? name : `${pathOf(parent)}.${name}`;
}

/** Translates errors of body-parser before Nest replaces them by a plain "Bad Request". */
function translated(parse: RequestHandler): RequestHandler {
  return (request, response, next) => {
    const translate = (error?: unknown) => next(error === undefined ? undefined : bodyProblem(error));
    void parse(request, response, translate as NextFunction);
  };
}

/** body-parser errors have a `type`; only a decompression error has a status alone. */
function bodyProblem(error: unknown): unknown {
  const { type, status } = error as { type?: unknown; status?: unknown };
  switch (type) {
    case 'entity.too.large':
      return new JobatoError('PAYLOAD_TOO_LARGE', 'The request body is larger than this call allows.');
    case 'members.too.many':
      return new JobatoError('PAYLOAD_TOO_LARGE', 'The request body has more members than this call allows.');
    case 'charset.unsupported':
    case 'encoding.unsupported':
      return new JobatoError(
        'UNSUPPORTED_MEDIA_TYPE',
        'The request body must be UTF-8 text, uncompressed or gzip-compressed.',
      );
    case 'entity.parse.failed':
      return invalid([{ field: '', message: 'must be a valid JSON object' }]);
    default:
      return status === 400 || status === 413
        ? invalid([
            {
              field: '',
              message: 'is incomplete, or does not match its Content-Length or Content-Encoding header',
            },
          ])
        : error;
  }
}
