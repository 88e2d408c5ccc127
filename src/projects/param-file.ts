import type { Complaint } from '../config-files/parse-yaml';
import { isDate, MAX_ITEMS, whyInvalid } from './param-value';
import { whyNoPattern } from './pattern';
import type { ParamSpec, ParamType } from './project';
import type { ParamFile } from './project-file.schema';

/** Where the items of lists are texts, so that `[3.10, 3.11]` is kept exactly as written. */
export const PARAM_TEXTS = ['default', 'example', 'values'].map((key) => ['params', '*', key, '*']);

/** Keys without a meaning for a type. The file of a project is no place for secrets. */
const UNUSED_KEYS: Partial<Record<ParamType, (keyof ParamFile)[]>> = {
  date: ['pattern', 'values'],
  secret: ['default', 'example', 'values'],
};

/** Returns a param of a project file, with every default filled in. */
export function toParamSpec(param: ParamFile): ParamSpec {
  return {
    type: param.type,
    description: param.description ?? null,
    example: param.example ?? null,
    required: param.required ?? false,
    default: param.default ?? null,
    multiline: param.multiline ?? false,
    min: param.min ?? null,
    max: param.max ?? null,
    pattern: param.pattern ?? null,
    values: param.values ?? [],
  };
}

/** Returns the first rule that a param breaks and the schema cannot express. The path begins at the param. */
export function complaintAboutParam(param: ParamFile): Complaint | null {
  if (param.type === 'enum' && !param.values) return { path: [], reason: 'an enum needs "values"' };
  const flaw = param.pattern === undefined ? null : whyNoPattern(param.pattern);
  if (flaw !== null) return { path: ['pattern'], reason: `"pattern" ${flaw}` };
  const complaint =
    aboutUnusedKey(param) ?? aboutBound('min', param) ?? aboutBound('max', param) ?? aboutRange(param);
  if (complaint !== null) return complaint;
  const spec = toParamSpec(param);
  if (param.type === 'array' && param.values !== undefined) {
    const reason = whyInvalid({ ...spec, min: null, max: null, pattern: null }, param.values);
    if (reason !== null) return { path: ['values'], reason: `"values": ${reason}` };
  }
  return aboutValue('default', param, spec) ?? aboutValue('example', param, spec);
}

/** Only for keys and types that earlier versions do not have. The others are noted: see not-carried-out.ts. */
function aboutUnusedKey(param: ParamFile): Complaint | null {
  if (param.multiline !== undefined && param.type !== 'string')
    return { path: ['multiline'], reason: '"multiline" is only for a string', atKey: true };
  const key = (UNUSED_KEYS[param.type] ?? []).find((each) => param[each] !== undefined);
  if (key === undefined) return null;
  const reason = `"${key}" is not for a ${param.type}`;
  const isValue = param.type === 'secret' && key !== 'values';
  return {
    path: [key],
    reason: isValue ? `${reason}, because every reader can see it` : reason,
    atKey: true,
  };
}

function aboutBound(key: 'min' | 'max', param: ParamFile): Complaint | null {
  const bound = param[key];
  if (bound === undefined) return null;
  const wrong = (reason: string) => ({ path: [key], reason: `"${key}" must be ${reason}` });
  if (param.type === 'date')
    return typeof bound === 'string' && isDate(bound) ? null : wrong('a date such as 2026-03-31');
  if (typeof bound === 'string') return wrong('a number');
  if (param.type !== 'array') return null;
  const isCount = Number.isInteger(bound) && bound >= 0 && bound <= MAX_ITEMS;
  return isCount ? null : wrong(`a number of items from 0 to ${MAX_ITEMS}`);
}

/** Days as `YYYY-MM-DD` sort like their dates. */
function aboutRange({ min, max }: ParamFile): Complaint | null {
  if (min === undefined || max === undefined || min <= max) return null;
  return { path: ['min'], reason: `"min" (${min}) must not be above "max" (${max})` };
}

function aboutValue(key: 'default' | 'example', param: ParamFile, spec: ParamSpec): Complaint | null {
  if (param[key] === undefined) return null;
  // For the author, "pattern" tells more than the words for readers.
  const reason = whyInvalid({ ...spec, description: null, example: null }, param[key]);
  return reason === null ? null : { path: [key], reason: `the ${key} ${reason}` };
}
