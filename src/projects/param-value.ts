import { matcher, MAX_MATCHED_BYTES, type StepBudget, stepBudget } from './pattern';
import type { ParamSpec } from './project';

/** The limit for the items of an array. */
export const MAX_ITEMS = 1000;
/** A message names this many allowed values. */
const NAMED_VALUES = 20;
/** Stands for the value of a secret where the params of a run are shown. It tells nothing about the value. */
export const HIDDEN_SECRET = '***';
const MAX_DESCRIPTION_LENGTH = 300;
const TOO_MANY_STEPS =
  'takes too many steps to match: shorten the value, or simplify the pattern in the project file';
/** HTML has no year 0. */
const DATE = /^(?!0000)\d{4}-\d{2}-\d{2}$/;

/**
 * Returns why the value is not valid for this parameter, or null if it is. A pattern is described by the words of the
 * project file. Only without them does the message contain the expression; see `withoutExpression`. All values of a
 * request share one budget.
 */
export function whyInvalid(spec: ParamSpec, value: unknown, budget = stepBudget()): string | null {
  switch (spec.type) {
    case 'boolean':
      return typeof value === 'boolean' ? null : 'must be true or false';
    case 'enum':
      return typeof value === 'string' ? whyNotAllowed(spec, value) : notAllowed(spec);
    case 'integer':
      return whyNoInteger(spec, value);
    case 'number':
      return whyNoNumber(spec, value);
    case 'date':
      return whyNoDate(spec, value);
    case 'string':
      return whyNoString(spec, value, budget);
    case 'secret':
      return whyNoSecret(spec, value, budget);
    case 'array':
      return whyNoArray(spec, value, budget);
  }
}

/** Replaces an expression in a message by words, because only callers of the API can be expected to read one. */
export function withoutExpression(spec: ParamSpec, message: string): string {
  if (spec.pattern === null || formatWords(spec) !== null) return message;
  // The end of a long message is cut off, and with it a part of the expression.
  return message.replace(/must match .*$/s, 'has the wrong format');
}

/** Returns true for a day of the calendar as `YYYY-MM-DD`. */
export function isDate(text: string): boolean {
  if (!DATE.test(text)) return false;
  const day = new Date(`${text}T00:00:00Z`);
  // Some engines turn February 30 into March 2.
  return !Number.isNaN(day.valueOf()) && day.toISOString().startsWith(text);
}

/** Returns up to 20 allowed values: "a, b, c and 4 more". */
export function allowedValues({ values }: ParamSpec): string {
  const more = values.length - NAMED_VALUES;
  return values.slice(0, NAMED_VALUES).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/** Returns the value of a param as text for readers: "a, b" for an array. */
export function valueText(value: unknown): string {
  if (Array.isArray(value) && value.length > 0) return value.join(', ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function whyNoInteger(spec: ParamSpec, value: unknown): string | null {
  if (Number.isSafeInteger(value)) return outOfRange(spec, value as number, 'number');
  if (hasComma(value)) return 'must be a whole number such as 1500, without a comma';
  const isTooLarge = typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER;
  return isTooLarge
    ? `must be a whole number from ${Number.MIN_SAFE_INTEGER} to ${Number.MAX_SAFE_INTEGER}`
    : 'must be a whole number';
}

function whyNoNumber(spec: ParamSpec, value: unknown): string | null {
  if (Number.isFinite(value)) return outOfRange(spec, value as number, 'number');
  if (hasComma(value)) return 'must be a number such as 1.5, without a comma';
  const isTooLarge = value === Infinity || value === -Infinity;
  return isTooLarge ? 'must be a number from -1.7e308 to 1.7e308' : 'must be a number';
}

/** A comma separates thousands in some countries and decimals in others. */
function hasComma(value: unknown): boolean {
  return typeof value === 'string' && /\d,\d/.test(value);
}

function whyNoDate({ min, max }: ParamSpec, value: unknown): string | null {
  if (typeof value !== 'string' || !DATE.test(value)) return 'must be a date such as 2026-03-31';
  if (!isDate(value)) return `must be a day of the calendar, and ${value} is not`;
  // Texts of this form sort like their days.
  if (min !== null && value < String(min)) return `must be ${min} or later`;
  return max !== null && value > String(max) ? `must be ${max} or earlier` : null;
}

function whyNoString(spec: ParamSpec, value: unknown, budget: StepBudget): string | null {
  if (typeof value !== 'string') return 'must be a string';
  if (value.includes('\0')) return 'must not contain a NUL character';
  const flaw = outOfRange(spec, value.length, 'character');
  if (flaw !== null || spec.pattern === null) return flaw;
  // The length bounds the time of the match.
  if (Buffer.byteLength(value) > MAX_MATCHED_BYTES)
    return `must be at most ${MAX_MATCHED_BYTES} bytes long, the limit of a parameter with a pattern`;
  const isMatch = matcher(spec.pattern, budget)(value);
  return isMatch === true ? null : isMatch === null ? TOO_MANY_STEPS : mismatch(spec);
}

/** No message contains the value. */
function whyNoSecret(spec: ParamSpec, value: unknown, budget: StepBudget): string | null {
  if (value === '') return 'must not be empty';
  // A client that sends the params of an earlier run would otherwise start a run with three asterisks.
  if (value === HIDDEN_SECRET) return `must not be ${HIDDEN_SECRET}, which stands for a hidden value`;
  return whyNoString(spec, value, budget);
}

function whyNoArray(spec: ParamSpec, value: unknown, budget: StepBudget): string | null {
  if (!Array.isArray(value)) return 'must be a list of strings';
  const items = value as unknown[];
  const flaw = outOfRange({ ...spec, max: spec.max ?? MAX_ITEMS }, items.length, 'item');
  if (flaw !== null) return flaw;
  for (const [index, item] of items.entries()) {
    const reason = whyNoItem(spec, item);
    if (reason !== null) return `item ${index + 1} ${reason}`;
  }
  if (spec.pattern === null) return null;
  const bytes = items.reduce<number>((sum, item) => sum + Buffer.byteLength(item as string), 0);
  if (bytes > MAX_MATCHED_BYTES)
    return `must be at most ${MAX_MATCHED_BYTES} bytes in all, the limit of a parameter with a pattern`;
  const isMatch = matcher(spec.pattern, budget);
  for (const [index, item] of items.entries()) {
    const isItemMatch = isMatch(item as string);
    if (isItemMatch !== true)
      return `item ${index + 1} ${isItemMatch === null ? TOO_MANY_STEPS : mismatch(spec)}`;
  }
  return null;
}

/** A form has one item per line, so it can send every item that the API accepts. */
function whyNoItem(spec: ParamSpec, item: unknown): string | null {
  if (typeof item !== 'string') return 'must be a string';
  if (item.trim() === '') return 'must not be empty';
  if (/[\r\n]/.test(item)) return 'must not contain a line break';
  if (item.includes('\0')) return 'must not contain a NUL character';
  return spec.values.length === 0 ? null : whyNotAllowed(spec, item);
}

function whyNotAllowed(spec: ParamSpec, value: string): string | null {
  return spec.values.includes(value) ? null : notAllowed(spec);
}

function notAllowed(spec: ParamSpec): string {
  return `must be one of ${allowedValues(spec)}`;
}

function mismatch(spec: ParamSpec): string {
  return formatWords(spec) ?? `must match ${spec.pattern}`;
}

function formatWords({ description, example }: ParamSpec): string | null {
  const words = description?.replace(/\s+/g, ' ').trim().slice(0, MAX_DESCRIPTION_LENGTH) ?? '';
  const shown = example === null ? '' : valueText(example);
  if (words !== '') return `must fit its description: ${words}${shown === '' ? '' : ` (example: ${shown})`}`;
  return shown === '' ? null : `must have the same format as ${shown}`;
}

function outOfRange(
  { min, max }: Pick<ParamSpec, 'min' | 'max'>,
  size: number,
  unit: 'number' | 'character' | 'item',
): string | null {
  const has = unit === 'item' ? 'must have' : 'must be';
  const words = (bound: number | string) =>
    unit === 'number' ? bound : `${bound} ${unit}${Number(bound) === 1 ? '' : 's'}`;
  if (min !== null && size < Number(min)) return `${has} at least ${words(min)}`;
  if (max !== null && size > Number(max)) return `${has} at most ${words(max)}`;
  return null;
}
