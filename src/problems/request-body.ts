import express, { type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import { type FieldError, invalid, JobatoError } from './catalogue';

const MEBIBYTE = 1024 * 1024;
const BODY_LIMIT = MEBIBYTE;
/** What workers send in one go: many events, many lines. */
export const BATCH_BODY_LIMIT = 16 * MEBIBYTE;
/** No call takes more; recursion further down would end in a full stack. */
const MAX_DEPTH = 100;
const DROPPED = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * - `object`: a small JSON object, for a class to check.
 * - `batch`: JSON of any shape and much of it; a schema judges it, or each event by itself.
 * - `file`: not touched, whatever its type.
 */
type BodyKind = 'object' | 'batch' | 'file';

/** Written as the router reads paths: in any case, with or without a slash at the end. */
const UNUSUAL: { method: string; path: RegExp; kind: BodyKind }[] = [
  { method: 'POST', path: /^\/internal\/events\/?$/i, kind: 'batch' },
  { method: 'POST', path: /^\/internal\/runs\/[^/]+\/logs\/?$/i, kind: 'batch' },
  { method: 'PUT', path: /^\/internal\/runs\/[^/]+\/artifacts\/[^/]+\/?$/i, kind: 'file' },
];

const BODY_OF: Record<BodyKind, RequestHandler> = {
  object: inTurn(requireJson, translated(express.json({ limit: BODY_LIMIT })), requireObject),
  batch: inTurn(requireBody, requireJson, translated(express.json({ limit: BATCH_BODY_LIMIT }))),
  file: (_request, _response, next) => next(),
};

/** What stands before every call of the API. Where nothing else is said, the body is a JSON object afterwards, empty where none was sent. */
export const apiBody: RequestHandler = (request, response, next) => {
  const { method, path } = request;
  const kind = UNUSUAL.find((rule) => rule.method === method && rule.path.test(path))?.kind ?? 'object';
  void BODY_OF[kind](request, response, next);
};

/** For the forms of pages. */
export const formBody: RequestHandler = translated(
  express.urlencoded({ extended: false, limit: BODY_LIMIT }),
);

function inTurn(...handlers: RequestHandler[]): RequestHandler {
  return express.Router().use(...handlers);
}

export function hasBody({ headers }: Request): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** The parser makes an empty object of nothing, and a batch of nothing is more likely a mistake. */
function requireBody(request: Request, _response: Response, next: NextFunction): void {
  if (!hasBody(request)) throw invalid([{ field: '', message: 'must not be empty' }]);
  next();
}

/** A body of another type would be taken for none, and a run be started that nobody described. */
function requireJson(request: Request, _response: Response, next: NextFunction): void {
  if (hasBody(request) && !request.is('application/json')) {
    throw new JobatoError(
      'UNSUPPORTED_MEDIA_TYPE',
      'The body must be JSON, sent with Content-Type: application/json.',
    );
  }
  next();
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

/** What Nest's validation would drop without a word, or end in a full stack over. */
function complaintsAbout(body: object): FieldError[] {
  const errors: FieldError[] = [];
  let level: Member[] = [{ name: '', path: '', value: body }];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH)
      return [{ field: '', message: `must not be nested deeper than ${MAX_DEPTH} levels` }];
    level = level.flatMap(membersOf);
    for (const { name, path } of level) {
      if (DROPPED.has(name)) errors.push({ field: path, message: 'is not a name that a field can have' });
    }
  }
  return errors;
}

interface Member {
  name: string;
  path: string;
  value: unknown;
}

function membersOf({ path, value }: Member): Member[] {
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).map(([name, member]) => ({
    name,
    path: path === '' ? name : `${path}.${name}`,
    value: member as unknown,
  }));
}

/** Names what body-parser throws before Nest makes a plain "Bad Request" of it. */
function translated(parse: RequestHandler): RequestHandler {
  return (request, response, next) => {
    const translate = (error?: unknown) => next(error === undefined ? undefined : bodyProblem(error));
    void parse(request, response, translate as NextFunction);
  };
}

/** body-parser says what went wrong by `type`; a broken compression has a status only. */
function bodyProblem(error: unknown): unknown {
  const { type, status } = error as { type?: unknown; status?: unknown };
  switch (type) {
    case 'entity.too.large':
      return new JobatoError('PAYLOAD_TOO_LARGE', 'The body is larger than this call takes.');
    case 'charset.unsupported':
    case 'encoding.unsupported':
      return new JobatoError('UNSUPPORTED_MEDIA_TYPE', 'The body must be in UTF-8, plain or gzip.');
    case 'entity.parse.failed':
      return invalid([{ field: '', message: 'is not valid JSON, or not an object' }]);
    default:
      return status === 400 || status === 413
        ? invalid([{ field: '', message: 'cannot be read: it broke off, or is not what its headers say' }])
        : error;
  }
}
