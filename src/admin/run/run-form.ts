import { paramsFromText, whyInvalid } from '../../projects/params';
import type { ParamSpec, ProjectDefinition } from '../../projects/project';
import { FULL_SCOPE, scopesOf, stepsInScope } from '../../projects/scope';
import type { FieldError } from '../../http/catalogue';
import type { Run } from '../../runs/run';
import { versionOf } from '../page/live';
import { valueInShort } from '../words/in-short';
import { humanised } from '../words/humanised';
import { scopeWords } from '../words/status-words';

/** The typed values, unchanged: the form shows them again if they are invalid. */
export interface GivenForm {
  scope: string | null;
  params: Record<string, string>;
}

export interface RunForm {
  scopes: { value: string; label: string; isSelected: boolean }[];
  scopeError: string | null;
  fields: FormField[];
  /** True if a field is required and empty, or invalid, or has a given value. */
  isOpen: boolean;
}

/** The form filled from an earlier run. */
export interface EarlierForm {
  given: GivenForm;
  /** Values that the project no longer accepts: "Depth 9". */
  leftOut: string[];
}

export interface FormField {
  id: string;
  name: string;
  label: string;
  description: string | null;
  hint: string | null;
  /** A regular expression that must match the whole text. */
  pattern: string | null;
  isRequired: boolean;
  error: string | null;
  isCheckbox: boolean;
  isChecked: boolean;
  options: { value: string; label: string; isSelected: boolean }[] | null;
  value: string;
  inputMode: string | null;
}

export const NOTHING_GIVEN: GivenForm = { scope: null, params: {} };
const PARAM_PREFIX = 'param.';

export function givenIn(body: unknown): GivenForm {
  const fields = Object.entries((body ?? {}) as Record<string, unknown>).flatMap(
    ([name, value]): [string, string][] => {
      // Each checkbox has a hidden "false" field before it, so the last value counts.
      const text: unknown = Array.isArray(value) ? value.at(-1) : value;
      return typeof text === 'string' ? [[name, text]] : [];
    },
  );
  const params = fields
    .filter(([name]) => name.startsWith(PARAM_PREFIX))
    .map(([name, text]): [string, string] => [name.slice(PARAM_PREFIX.length), text]);
  const scope = fields.find(([name]) => name === 'scope')?.[1] ?? '';
  return { scope: scope === '' ? null : scope, params: Object.fromEntries(params) };
}

export function triggerRequest({ params: specs }: ProjectDefinition, { scope, params }: GivenForm) {
  return { ...(scope !== null && { scope }), params: paramsFromText(specs, params) };
}

/** Returns the values of an earlier run that the current project still accepts. */
export function formLike(
  definition: ProjectDefinition,
  { scope, params }: Pick<Run, 'scope' | 'params'>,
): EarlierForm {
  const hasScope = stepsInScope(definition, scope) !== null;
  const isTaken = ([name, value]: [string, unknown]) => {
    const spec = Object.hasOwn(definition.params, name) ? definition.params[name] : undefined;
    return spec !== undefined && whyInvalid(spec, value) === null;
  };
  const entries = Object.entries(params);
  const taken = entries.filter(isTaken).map(([name, value]): [string, string] => [name, String(value)]);
  const lost = entries
    .filter((entry) => !isTaken(entry))
    .map(([name, value]) => `${humanised(name)} ${valueInShort(value)}`);
  return {
    given: { scope: hasScope ? scope : null, params: Object.fromEntries(taken) },
    leftOut: hasScope ? lost : [`scope ${scope}`, ...lost],
  };
}

/** Returns a hash of the form's fields. A page with another version has missing or outdated fields. */
export function formVersion(definition: ProjectDefinition): string {
  return versionOf(runForm(definition, NOTHING_GIVEN, []));
}

export function runForm(definition: ProjectDefinition, given: GivenForm, errors: FieldError[]): RunForm {
  const errorAt = (field: string, label: string) => {
    const error = errors.find((each) => each.field === field);
    return error ? `${label} ${error.message}` : null;
  };
  const chosen = given.scope ?? FULL_SCOPE;
  const fields = Object.entries(definition.params).map(([name, spec]) =>
    formField(name, spec, given.params[name], errorAt(`params.${name}`, humanised(name))),
  );
  return {
    scopes: scopesOf(definition).map((scope) => ({
      value: scope,
      label: scopeLabel(definition, scope),
      isSelected: scope === chosen,
    })),
    scopeError: errorAt('scope', 'Scope'),
    fields,
    isOpen: fields.some(
      ({ error, isRequired, value, name }) =>
        error !== null || (isRequired && value === '') || typed(given, name),
    ),
  };
}

function formField(
  name: string,
  spec: ParamSpec,
  typedText: string | undefined,
  error: string | null,
): FormField {
  const value = typedText ?? (spec.default === null ? '' : String(spec.default));
  const isRequired = spec.required && spec.default === null;
  const options = spec.type === 'enum' ? [...(spec.default === null ? [''] : []), ...spec.values] : null;
  return {
    id: `param-${name}`,
    name: `${PARAM_PREFIX}${name}`,
    label: humanised(name),
    description: spec.description,
    hint: rangeHint(spec),
    pattern: spec.type === 'string' ? spec.pattern : null,
    isRequired,
    error,
    isCheckbox: spec.type === 'boolean',
    isChecked: spec.type === 'boolean' && value === 'true',
    options:
      options?.map((option) => ({
        value: option,
        label: option === '' ? '–' : option,
        isSelected: option === value,
      })) ?? null,
    value,
    inputMode: spec.type === 'integer' ? 'numeric' : spec.type === 'number' ? 'decimal' : null,
  };
}

function rangeHint({ type, min, max }: ParamSpec): string | null {
  const unit = type === 'string' ? ' characters' : '';
  if (min !== null && max !== null) return `${min} to ${max}${unit}`;
  if (min !== null) return `At least ${min}${unit}`;
  return max === null ? null : `At most ${max}${unit}`;
}

function scopeLabel(definition: ProjectDefinition, scope: string): string {
  const isNamed = Object.hasOwn(definition.scopes, scope);
  return isNamed ? `${scope} (${stepsInScope(definition, scope)!.join(', ')})` : scopeWords(scope);
}

function typed({ params }: GivenForm, fieldName: string): boolean {
  return Object.hasOwn(params, fieldName.slice(PARAM_PREFIX.length));
}
