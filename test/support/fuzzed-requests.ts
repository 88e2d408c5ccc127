import type { FuzzedValues } from './fuzzed-values';
import type { Operation } from './openapi';

export interface FuzzedRequest {
  operation: Operation;
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string | Buffer | null;
}

const JSON_TYPE = 'application/json';
const ACCEPTED = ['*/*', JSON_TYPE, 'text/plain', 'text/event-stream', 'image/png'];
/** A longer waiting claim would slow down the test. */
const LONGEST_WAIT_SECONDS = 0.05;

/** Returns a request for one operation: usually one that the document allows, often one that it forbids. */
export function fuzzedRequest(
  operation: Operation,
  values: FuzzedValues,
  pick: <Item>(items: Item[]) => Item,
  credentials: Record<string, string>,
): FuzzedRequest {
  const headers: Record<string, string> = { accept: pick(ACCEPTED) };
  if (values.chance(0.97)) Object.assign(headers, credentials);
  // The two probes without credentials answer requests for any host name.
  if (operation.security?.length !== 0 && values.chance(0.01)) headers.host = 'elsewhere.example';
  if (values.chance(0.01)) headers.origin = 'https://elsewhere.example';

  let path = operation.path;
  const query: string[] = [];
  for (const { name, in: place, required, schema = { type: 'string' } } of operation.parameters) {
    if (!required && values.chance(0.5)) continue;
    const value = values.chance(0.75) ? values.valid(schema, name) : values.odd(schema, name);
    const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
    const encoded = values.chance(0.01) ? '%zz' : encodeURIComponent(Buffer.from(text).toString());
    if (place === 'path') path = path.replace(`{${name}}`, encoded === '' ? '%20' : encoded);
    else if (place === 'query') query.push(`${encodeURIComponent(name)}=${encoded}`);
    else headers[name.toLowerCase()] = text.replace(/[^\x20-\x7e]/g, '?');
  }
  if (values.chance(0.05)) query.push('unknown=1');
  const body = bodyOf(operation, values, pick, headers);
  // Node sends no content-length for methods that usually have no body.
  if (body !== null) headers['content-length'] = String(Buffer.byteLength(body));
  return {
    operation,
    method: operation.method.toUpperCase(),
    path: query.length === 0 ? path : `${path}?${query.join('&')}`,
    headers,
    body,
  };
}

function bodyOf(
  { requestBody, method }: Operation,
  values: FuzzedValues,
  pick: <Item>(items: Item[]) => Item,
  headers: Record<string, string>,
): string | Buffer | null {
  if (!requestBody && values.chance(method === 'get' ? 0.98 : 0.9)) return null;
  if (requestBody?.required !== true && values.chance(0.2)) return null;
  const [type, media] = Object.entries(requestBody?.content ?? {})[0] ?? [JSON_TYPE, null];
  headers['content-type'] = values.chance(0.97) ? type : pick(['text/plain', 'application/xml', '']);
  if (type !== JSON_TYPE) return Buffer.alloc(pick([0, 1, 5000]), 'x');
  if (values.chance(0.05))
    return pick(['', '{', 'null', '"text"', '[1]', '\ufeff{}', '{"a":1}x', '['.repeat(5000)]);
  if (values.chance(0.02)) headers['content-encoding'] = pick(['gzip', 'br', 'nonsense']);
  const schema = media?.schema ?? { type: 'object' };
  const body = values.chance(0.7) ? values.valid(schema) : values.odd(schema);
  const { waitSeconds } = (body ?? {}) as { waitSeconds?: unknown };
  if (typeof waitSeconds === 'number' && waitSeconds > LONGEST_WAIT_SECONDS && waitSeconds <= 60) {
    (body as { waitSeconds: number }).waitSeconds = LONGEST_WAIT_SECONDS;
  }
  return JSON.stringify(body) ?? '';
}
