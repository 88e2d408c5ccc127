import type { FieldError } from '../http/problem-catalogue';
import { whyInvalid } from './param-value';
import { stepBudget } from './pattern';
import type { ParamSpec, ParamValue } from './project';

/** The limit for all params of a run together, as JSON in UTF-8: steps receive them in one environment variable. */
export const MAX_PARAMS_BYTES = 64 * 1024;

/** The message about a param without a value. */
export const IS_REQUIRED = 'is required';

type Specs = Record<string, ParamSpec>;
/** Secrets are apart from the other params, because they are stored and passed on in other ways. */
type Checked = {
  params: Record<string, ParamValue>;
  secrets: Record<string, string>;
  errors: FieldError[];
};

/** Checks the given params against the project's declarations, and fills in the defaults. */
export function checkParams(specs: Specs, given: Record<string, unknown>): Checked {
  const params = new Map<string, ParamValue>();
  const secrets = new Map<string, string>();
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
  const budget = stepBudget();
  for (const [name, spec] of Object.entries(specs)) {
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    if (value === undefined || value === null) {
      if (spec.default !== null) params.set(name, spec.default);
      else if (spec.required) errors.push({ field: `params.${name}`, message: IS_REQUIRED });
      continue;
    }
    const message = whyInvalid(spec, value, budget);
    if (message === null && spec.type === 'secret') secrets.set(name, value as string);
    else if (message === null) params.set(name, value as ParamValue);
    else errors.push({ field: `params.${name}`, message });
  }
  const valid = { params: Object.fromEntries(params), secrets: Object.fromEntries(secrets) };
  const bytes = Buffer.byteLength(JSON.stringify({ ...valid.params, ...valid.secrets }));
  if (bytes > MAX_PARAMS_BYTES) {
    errors.push({
      field: 'params',
      message: `must be at most ${MAX_PARAMS_BYTES} bytes as JSON, not ${bytes}`,
    });
  }
  return { ...valid, errors };
}

/** Returns the names of secrets that a run needs: no earlier run keeps their values. */
export function requiredSecrets(specs: Specs): string[] {
  return Object.entries(specs).flatMap(([name, { type, required }]) =>
    type === 'secret' && required ? [name] : [],
  );
}
