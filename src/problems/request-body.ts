import express, { type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import { type FieldError, invalid, JobatoError } from './catalogue';

const BODY_LIMIT = '1mb';
/** No call takes more; recursion further down would end in a full stack. */
const MAX_DEPTH = 100;
const DROPPED = new Set(['__proto__', 'constructor', 'prototype']);

/** What stands before every call of the API: afterwards the body is a JSON object, empty where none was sent. */
export const jsonBody: RequestHandler[] = [
  requireJson,
  translated(express.json({ limit: BODY_LIMIT })),
  requireObject,
];

/** For the forms of pages. */
export const formBody: RequestHandler = translated(
  express.urlencoded({ extended: false, limit: BODY_LIMIT }),
);

/** A body of another type would be taken for none, and a run be started that nobody described. */
function requireJson(request: Request, _response: Response, next: NextFunction): void {
  const hasBody =
    request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;
  if (hasBody && !request.is('application/json')) {
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
      return invalid([{ field: '', message: 'is not a valid JSON object' }]);
    default:
      return status === 400 || status === 413
        ? invalid([{ field: '', message: 'cannot be read: it broke off, or is not what its headers say' }])
        : error;
  }
}
