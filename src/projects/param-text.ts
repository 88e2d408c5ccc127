import type { ParamSpec } from './project';

type Specs = Record<string, ParamSpec>;

/** JSON numbers, and a sign or zeros that a person may add. */
const NUMBER = /^[+-]?[\d.]+(e[+-]?\d+)?$/i;

/**
 * Converts the fields of a form to the declared types. Text that does not fit stays text, so that it is rejected. An
 * empty field means "not given". If a string or an array has a default, an empty field replaces it by an empty value.
 */
export function paramsFromForm(specs: Specs, given: Record<string, string>): Record<string, unknown> {
  return converted(specs, given, (spec, field) => {
    // Browsers send line breaks as CR LF.
    const text = field.replace(/\r\n?/g, '\n');
    if (isText(spec)) return text === '' && spec.default === null ? undefined : text;
    if (spec.type !== 'array') return fromText(spec, text);
    const lines = text.split('\n').filter((line) => line.trim() !== '');
    return lines.length === 0 && spec.default === null ? undefined : lines;
  });
}

/**
 * Converts the values of a command line, which are given explicitly: strings stay exactly as they are, also empty ones.
 * @param given several values for a parameter that was repeated; only arrays may be
 */
export function paramsFromCommandLine(
  specs: Specs,
  given: Record<string, string[]>,
): Record<string, unknown> {
  return converted(specs, given, (spec, values) => {
    if (spec.type === 'array') return fromItems(values);
    return isText(spec) ? values[0] : fromText(spec, values[0]!);
  });
}

/** Returns the names of parameters that were repeated although they are no arrays. */
export function wronglyRepeated(specs: Specs, given: Record<string, string[]>): string[] {
  return Object.entries(given).flatMap(([name, values]) =>
    values.length > 1 && specOf(specs, name)?.type !== 'array' ? [name] : [],
  );
}

/** Keeps the names that the project does not declare, so that they are rejected. */
function converted<Given>(
  specs: Specs,
  given: Record<string, Given>,
  convert: (spec: ParamSpec, given: Given) => unknown,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(given).flatMap(([name, each]) => {
      const spec = specOf(specs, name);
      const value = spec === undefined ? each : convert(spec, each);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

function specOf(specs: Specs, name: string): ParamSpec | undefined {
  return Object.hasOwn(specs, name) ? specs[name] : undefined;
}

/** These types keep their text exactly as it is. */
function isText({ type }: ParamSpec): boolean {
  return type === 'string' || type === 'secret';
}

/** @returns undefined for empty text */
function fromText({ type, values }: ParamSpec, given: string): unknown {
  if (type === 'enum') return given === '' && !values.includes('') ? undefined : given;
  const text = given.trim();
  if (text === '') return undefined;
  if (type === 'boolean') return /^(true|false|on|off)$/i.test(text) ? /^(true|on)$/i.test(text) : text;
  if (type === 'date') return text;
  return NUMBER.test(text) ? Number(text) : text;
}

/** A single value can also be the whole list as JSON. Empty text is an empty list. */
function fromItems(values: string[]): unknown[] {
  const [only] = values as [string];
  if (values.length > 1) return values;
  return only === '' ? [] : (jsonList(only) ?? values);
}

function jsonList(text: string): unknown[] | null {
  if (!/^\s*\[.*\]\s*$/s.test(text)) return null;
  try {
    return JSON.parse(text) as unknown[];
  } catch {
    return null;
  }
}
