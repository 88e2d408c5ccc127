import type { FieldError } from '../http/catalogue';
import { matches, MAX_MATCHED_BYTES } from './pattern';
import type { ParamSpec, ParamValue } from './project';

/** The limit for all params of a run together, as JSON in UTF-8: steps receive them in one environment variable. */
export const MAX_PARAMS_BYTES = 64 * 1024;

type Specs = Record<string, ParamSpec>;
type Checked = { params: Record<string, ParamValue>; errors: FieldError[] };

/** Checks the given params against the project's declarations, and fills in the defaults. */
export function checkParams(specs: Specs, given: Record<string, unknown>): Checked {
  const params = new Map<string, ParamValue>();
  const errors: FieldError[] = [];
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(specs, name)) {
      const known = Object.keys(specs).join(', ') || 'none';
      errors.push({
        field: `params.${name}`,
        message: `is not a parameter of this project (known parameters: ${known})`,
      });
    }
  }
  for (const [name, spec] of Object.entries(specs)) {
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    if (value === undefined || value === null) {
      if (spec.default !== null) params.set(name, spec.default);
      else if (spec.required) errors.push({ field: `params.${name}`, message: 'is required' });
      continue;
    }
    const message = whyInvalid(spec, value);
    if (message === null) params.set(name, value as ParamValue);
    else errors.push({ field: `params.${name}`, message });
  }
  const valid = Object.fromEntries(params);
  const bytes = Buffer.byteLength(JSON.stringify(valid));
  if (bytes > MAX_PARAMS_BYTES) {
    errors.push({
      field: 'params',
      message: `must be at most ${MAX_PARAMS_BYTES} bytes as JSON, not ${bytes}`,
    });
  }
  return { params: valid, errors };
}

/** Converts text from a form or a command line to the declared types. Text that does not fit stays text. */
export function paramsFromText(specs: Specs, given: Record<string, string>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(given).flatMap(([name, text]) => {
      const spec = Object.hasOwn(specs, name) ? specs[name] : undefined;
      // Empty text means "not given". For a string parameter with a default it is a value, so that it can replace the default.
      if (text === '' && spec !== undefined && (spec.type !== 'string' || spec.default === null)) return [];
      return [[name, fromText(spec, text)]];
    }),
  );
}

/** Returns why the value is not valid for this parameter, or null if it is. */
export function whyInvalid(spec: ParamSpec, value: unknown): string | null {
  switch (spec.type) {
    case 'boolean':
      return typeof value === 'boolean' ? null : 'must be true or false';
    case 'enum':
      return typeof value === 'string' && spec.values.includes(value)
        ? null
        : `must be one of ${spec.values.join(', ')}`;
    case 'integer':
      return Number.isSafeInteger(value) ? outOfRange(spec, value as number, '') : 'must be a whole number';
    case 'number':
      return typeof value === 'number' && Number.isFinite(value)
        ? outOfRange(spec, value, '')
        : 'must be a number';
    case 'string':
      if (typeof value !== 'string') return 'must be a string';
      if (value.includes('\0')) return 'must not contain a NUL character';
      return outOfRange(spec, value.length, ' characters') ?? mismatch(spec.pattern, value);
  }
}

/** Checks the length first, which bounds the time of the match. */
function mismatch(pattern: string | null, value: string): string | null {
  if (pattern === null) return null;
  if (Buffer.byteLength(value) > MAX_MATCHED_BYTES)
    return `must be at most ${MAX_MATCHED_BYTES} bytes long, the limit of a parameter with a pattern`;
  return matches(pattern, value) ? null : `must match ${pattern}`;
}

function outOfRange({ min, max }: ParamSpec, size: number, unit: string): string | null {
  if (min !== null && size < min) return `must be at least ${min}${unit}`;
  if (max !== null && size > max) return `must be at most ${max}${unit}`;
  return null;
}

function fromText(spec: ParamSpec | undefined, text: string): unknown {
  if (spec?.type === 'boolean' && /^(true|false|on|off)$/i.test(text)) return /^(true|on)$/i.test(text);
  const isNumber =
    (spec?.type === 'integer' || spec?.type === 'number') && /^\s*[+-]?[\d.]+(e[+-]?\d+)?\s*$/i.test(text);
  return isNumber ? Number(text) : text;
}
