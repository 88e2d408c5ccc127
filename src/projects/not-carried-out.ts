import type { ParamSpec, ParamType, ProjectDefinition } from './project';

/** The types that use a setting of a param. */
const USED_BY = {
  pattern: ['string', 'secret', 'array'],
  values: ['enum', 'array'],
  min: ['string', 'secret', 'integer', 'number', 'date', 'array'],
  max: ['string', 'secret', 'integer', 'number', 'date', 'array'],
} satisfies Partial<Record<keyof ParamSpec, ParamType[]>>;

/**
 * Returns a note for each setting of the file that this version ignores. The notes prevent a setting from having
 * silently no effect.
 */
export function notCarriedOut({ params }: ProjectDefinition): string[] {
  return Object.entries(params).flatMap(([name, spec]) =>
    unusedKeys(spec).map(
      (key) => `"${key}" of parameter "${name}" has no effect, because it is not for ${A[spec.type]}.`,
    ),
  );
}

const A: Record<ParamType, string> = {
  string: 'a string',
  integer: 'an integer',
  number: 'a number',
  boolean: 'a boolean',
  enum: 'an enum',
  date: 'a date',
  array: 'an array',
  secret: 'a secret',
};

function unusedKeys(spec: ParamSpec): string[] {
  return Object.entries(USED_BY).flatMap(([key, types]: [string, ParamType[]]) => {
    const value = spec[key as keyof typeof USED_BY];
    const isSet = Array.isArray(value) ? value.length > 0 : value !== null;
    return isSet && !types.includes(spec.type) ? [key] : [];
  });
}
