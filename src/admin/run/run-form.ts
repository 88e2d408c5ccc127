import { paramsFromForm } from '../../projects/param-text';
import { allowedValues, isDate, valueText, whyInvalid, withoutExpression } from '../../projects/param-value';
import { stepBudget } from '../../projects/pattern';
import type { ParamSpec, ProjectDefinition } from '../../projects/project';
import { FULL_SCOPE, scopesOf, stepsInScope } from '../../projects/scope';
import { type FieldError, invalid, JobatoError } from '../../http/problem-catalogue';
import type { Run } from '../../runs/run';
import { versionOf } from '../page/live';
import { valueInShort } from '../words/in-short';
import { humanised } from '../words/humanised';
import { shortText } from '../words/short-text';
import { scopeWords } from '../words/status-words';

/** The typed values, unchanged: the form shows them again if they are invalid, except secrets. */
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

/** The form filled from an earlier run. It never has secrets. */
export interface EarlierForm {
  given: GivenForm;
  /** Values that the project no longer accepts: "Depth 9". */
  leftOut: string[];
  /** Labels of secrets that the run had: "Token". */
  secrets: string[];
}

export interface FormField {
  id: string;
  name: string;
  label: string;
  description: string | null;
  /** Further rules: "At least 1", "Example: v1.2". */
  hints: string[];
  isRequired: boolean;
  error: string | null;
  isCheckbox: boolean;
  isChecked: boolean;
  options: { value: string; label: string; isSelected: boolean }[] | null;
  /** The height of a field with several lines; null for all others. */
  rows: number | null;
  /** True for a field that takes the whole width. */
  isWide: boolean;
  value: string;
  inputType: 'text' | 'date' | 'password';
  inputMode: string | null;
  /** The first and last day of a date. */
  min: string | null;
  max: string | null;
}

export const NOTHING_GIVEN: GivenForm = { scope: null, params: {} };
const PARAM_PREFIX = 'param.';
const TYPE_AGAIN = 'Enter it again: a form never shows a secret';
const NOT_SET = 'Not set';
const LEAST_ROWS = 4;
const MOST_ROWS = 16;
const MAX_EXAMPLE_LENGTH = 100;

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
  return { ...(scope !== null && { scope }), params: paramsFromForm(specs, params) };
}

/** Starts a run from a form. A refusal has no expressions: only the API shows them. */
export async function startFromForm<Started>(
  { params: specs }: ProjectDefinition,
  start: () => Promise<Started>,
): Promise<Started> {
  try {
    return await start();
  } catch (error) {
    if (!(error instanceof JobatoError) || error.extras.errors === undefined) throw error;
    throw invalid(
      error.extras.errors.map(({ field, message }) => {
        const name = field.replace(/^params\./, '');
        const spec = Object.hasOwn(specs, name) ? specs[name] : undefined;
        return { field, message: spec === undefined ? message : withoutExpression(spec, message) };
      }),
    );
  }
}

/** Returns the values of an earlier run that the current project still accepts. */
export function formLike(
  definition: ProjectDefinition,
  { scope, params, secretParams }: Pick<Run, 'scope' | 'params' | 'secretParams'>,
): EarlierForm {
  const hasScope = stepsInScope(definition, scope) !== null;
  const budget = stepBudget();
  const isTaken = ([name, value]: [string, unknown]) => {
    const spec = Object.hasOwn(definition.params, name) ? definition.params[name] : undefined;
    return spec !== undefined && whyInvalid(spec, value, budget) === null;
  };
  const entries = Object.entries(params);
  const accepted = new Set(entries.filter(isTaken));
  const taken = [...accepted].map(([name, value]): [string, string] => [name, fieldText(value)]);
  const lost = entries
    .filter((entry) => !accepted.has(entry))
    .map(([name, value]) => `${humanised(name)} ${valueInShort(value)}`);
  return {
    given: { scope: hasScope ? scope : null, params: Object.fromEntries(taken) },
    leftOut: hasScope ? lost : [`scope ${scope}`, ...lost],
    secrets: (secretParams ?? []).filter((name) => Object.hasOwn(definition.params, name)).map(humanised),
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
  const isSecret = spec.type === 'secret';
  // A page never contains a secret, so a form that is shown again asks for it again.
  const value = isSecret ? '' : (typedText ?? fieldText(spec.default));
  // A field of one line would drop the line breaks of a value that came from elsewhere.
  const hasLines =
    spec.type === 'array' || spec.multiline || (spec.type === 'string' && /[\r\n]/.test(value));
  // A date field drops any other text.
  const isDateField = spec.type === 'date' && (value === '' || isDate(value));
  const isCheckbox = spec.type === 'boolean' && spec.default !== null;
  return {
    id: `param-${name}`,
    name: `${PARAM_PREFIX}${name}`,
    label: humanised(name),
    description: spec.description,
    hints: [...(isSecret && typedText ? [TYPE_AGAIN] : []), ...hintsOf(spec)],
    isRequired: spec.required && spec.default === null,
    error,
    isCheckbox,
    isChecked: isCheckbox && value === 'true',
    options: isCheckbox ? null : optionsOf(spec, value),
    rows: hasLines ? Math.min(Math.max(value.split('\n').length + 1, LEAST_ROWS), MOST_ROWS) : null,
    isWide: hasLines && spec.type === 'string',
    value,
    inputType: isSecret ? 'password' : isDateField ? 'date' : 'text',
    inputMode: spec.type === 'integer' ? 'numeric' : spec.type === 'number' ? 'decimal' : null,
    min: isDateField && spec.min !== null ? String(spec.min) : null,
    max: isDateField && spec.max !== null ? String(spec.max) : null,
  };
}

/** Returns a value as the text of its field. */
function fieldText(value: unknown): string {
  if (Array.isArray(value)) return value.join('\n');
  return value === null ? '' : valueText(value);
}

/** Without a default, one option means "not given": a checkbox could not express that. */
function optionsOf(spec: ParamSpec, value: string): FormField['options'] {
  if (spec.type !== 'enum' && spec.type !== 'boolean') return null;
  const offered =
    spec.type === 'enum'
      ? spec.values.map((each) => ({ value: each, label: each === '' ? '(empty)' : each }))
      : [
          { value: 'true', label: 'Yes' },
          { value: 'false', label: 'No' },
        ];
  const has = (text: string) => offered.some((option) => option.value === text);
  const blank = { value: '', label: spec.required ? 'Select a value' : NOT_SET };
  const options = [
    ...(spec.default === null && !has('') ? [blank] : []),
    ...offered,
    // Keeps what was given, beside its error.
    ...(value !== '' && !has(value) ? [{ value, label: `${value} (not allowed)` }] : []),
  ];
  return options.map((option) => ({ ...option, isSelected: option.value === value }));
}

function hintsOf(spec: ParamSpec): string[] {
  const { type, values, example } = spec;
  const shown = example === null ? '' : valueText(example).replace(/\s+/g, ' ');
  return [
    ...(type === 'array' ? ['One per line'] : []),
    ...rangeHint(spec),
    ...(type === 'array' && values.length > 0 ? [`Allowed: ${allowedValues(spec)}`] : []),
    ...(shown === '' ? [] : [`Example: ${shortText(shown, MAX_EXAMPLE_LENGTH)}`]),
  ];
}

function rangeHint({ type, min, max }: ParamSpec): string[] {
  const isOne = (max ?? min) === 1;
  const units = isOne ? [' character', ' item'] : [' characters', ' items'];
  const unit = type === 'string' || type === 'secret' ? units[0] : type === 'array' ? units[1] : '';
  const [least, most] = type === 'date' ? ['From', 'Until'] : ['At least', 'At most'];
  if (min !== null && max !== null) return [`${min} to ${max}${unit}`];
  if (min !== null) return [`${least} ${min}${unit}`];
  return max === null ? [] : [`${most} ${max}${unit}`];
}

function scopeLabel(definition: ProjectDefinition, scope: string): string {
  const isNamed = Object.hasOwn(definition.scopes, scope);
  return isNamed ? `${scope} (${stepsInScope(definition, scope)!.join(', ')})` : scopeWords(scope);
}

function typed({ params }: GivenForm, fieldName: string): boolean {
  return Object.hasOwn(params, fieldName.slice(PARAM_PREFIX.length));
}
