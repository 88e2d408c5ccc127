import Ajv, { type ErrorObject } from 'ajv';
import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import { whyNot } from './params';
import type { ParamSpec, ProjectDefinition, StepDefinition } from './project';
import { type ParamFile, PROJECT_FILE_SCHEMA, type ProjectFile, type StepFile } from './project-file.schema';
import { FULL_SCOPE } from './scope';

export type ParsedProject =
  | { project: ProjectDefinition; line?: undefined; reason?: undefined }
  | { project?: undefined; line: number | null; reason: string };

type Path = (string | number)[];
/** What is wrong, and where in the file. */
type Complaint = { path: Path; reason: string; atKey?: boolean };

const validate = new Ajv({ allErrors: false, allowUnionTypes: true }).compile(PROJECT_FILE_SCHEMA);

/** Reads one file of config/projects. Never throws: a file that cannot be used says where and why. */
export function parseProjectFile(source: string): ParsedProject {
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false });
  const lineAt = (offset: number) => lines.linePos(offset).line;

  const [syntaxError] = document.errors;
  if (syntaxError) return { line: lineAt(syntaxError.pos[0]), reason: syntaxError.message };
  if (!isMap(document.contents))
    return { line: 1, reason: 'the file must be a mapping such as "id: glossary"' };

  const content = toJs(document);
  if (typeof content === 'string') return { line: lineAt(aliasAtFault(document)), reason: content };
  const complaint = validate(content)
    ? complaintAbout(content)
    : fromSchemaError(tellingOf(validate.errors!));
  if (complaint) return { line: lineOf(document, complaint, lineAt), reason: complaint.reason };
  return { project: toDefinition(content) };
}

/** An alias that expands without end is refused by the library with an exception. */
function toJs(document: Document): ProjectFile | string {
  try {
    return document.toJS({ maxAliasCount: 100 }) as ProjectFile;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The offset of the alias that has no anchor, or of the first one where there are too many. */
function aliasAtFault(document: Document): number {
  const offsets: { of: number; isResolved: boolean }[] = [];
  visit(document, {
    Alias: (_key, alias) =>
      void offsets.push({ of: alias.range?.[0] ?? 0, isResolved: alias.resolve(document) !== undefined }),
  });
  return (offsets.find(({ isResolved }) => !isResolved) ?? offsets[0])?.of ?? 0;
}

/** A wrong name is told twice: first which rule it broke, then which name it is. The latter helps. */
function tellingOf(errors: ErrorObject[]): ErrorObject {
  return errors.find(({ keyword }) => keyword === 'propertyNames') ?? errors[0]!;
}

/** The rules that span more than one place of the file. */
function complaintAbout(file: ProjectFile): Complaint | null {
  const steps = file.steps ?? [];
  const names = steps.map(({ name }) => name);
  if (file.executor !== 'external') {
    if (steps.length === 0) {
      return {
        path: ['steps'],
        reason: '"steps" must list at least one step, or "executor: external" be set',
      };
    }
    const commandless = steps.findIndex(({ command }) => command === undefined);
    if (commandless >= 0)
      return { path: ['steps', commandless], reason: `step "${names[commandless]}" needs a "command"` };
  }
  const twice = names.findIndex((name, index) => names.indexOf(name) !== index);
  if (twice >= 0) return { path: ['steps', twice, 'name'], reason: `two steps are called "${names[twice]}"` };

  for (const [scope, chosen] of Object.entries(file.scopes ?? {})) {
    if (scope === FULL_SCOPE)
      return { path: ['scopes', scope], reason: `"${scope}" is built in`, atKey: true };
    const unknown = chosen.findIndex((name) => !names.includes(name));
    if (unknown >= 0) {
      return {
        path: ['scopes', scope, unknown],
        reason: `scope "${scope}" names "${chosen[unknown]}", which is no step`,
      };
    }
  }
  for (const [name, param] of Object.entries(file.params ?? {})) {
    const complaint = complaintAboutParam(param);
    if (complaint)
      return {
        path: ['params', name, ...complaint.path],
        reason: `parameter "${name}": ${complaint.reason}`,
      };
  }
  return null;
}

function complaintAboutParam(param: ParamFile): Complaint | null {
  if (param.type === 'enum' && !param.values) return { path: [], reason: 'an enum needs "values"' };
  if (param.pattern !== undefined && !isRegularExpression(param.pattern)) {
    return { path: ['pattern'], reason: '"pattern" is not a regular expression' };
  }
  if (param.default === undefined) return null;
  const reason = whyNot(toParamSpec(param), param.default);
  return reason === null ? null : { path: ['default'], reason: `the default ${reason}` };
}

function isRegularExpression(pattern: string): boolean {
  try {
    return Boolean(new RegExp(pattern, 'u'));
  } catch {
    return false;
  }
}

function fromSchemaError({ instancePath, keyword, params, message }: ErrorObject): Complaint {
  const path = instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
  const where = path.length === 0 ? 'the file' : `"${path.join('.')}"`;
  const details = params as Record<string, unknown>;
  switch (keyword) {
    case 'additionalProperties': {
      const key = String(details.additionalProperty);
      return { path: [...path, key], reason: `unknown key "${key}"`, atKey: true };
    }
    case 'propertyNames':
      return {
        path: [...path, String(details.propertyName)],
        reason: `"${String(details.propertyName)}" is not a valid name here`,
        atKey: true,
      };
    case 'required':
      return { path, reason: `${where} must have "${String(details.missingProperty)}"` };
    case 'type':
      return { path, reason: `${where} must be ${article(details.type)}` };
    case 'enum':
      return { path, reason: `${where} must be one of ${(details.allowedValues as unknown[]).join(', ')}` };
    default:
      return { path, reason: `${where} ${message ?? 'is not valid'}` };
  }
}

function article(type: unknown): string {
  const words: Record<string, string> = {
    array: 'a list',
    object: 'a mapping',
    string: 'a text',
    integer: 'a whole number',
    number: 'a number',
    boolean: 'true or false',
  };
  return [type]
    .flat()
    .map((one) => words[String(one)] ?? String(one))
    .join(' or ');
}

/** The line of the place itself, or of the nearest one around it that the file has. */
function lineOf(document: Document, { path, atKey }: Complaint, lineAt: (offset: number) => number): number {
  for (let length = path.length; length > 0; length--) {
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const key = path[length - 1];
    const pair = isMap(parent)
      ? parent.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key))
      : undefined;
    if (pair && isNode(pair.key) && pair.key.range && (atKey || length === path.length))
      return lineAt(pair.key.range[0]);
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return lineAt(node.range[0]);
  }
  return 1;
}

function toDefinition(file: ProjectFile): ProjectDefinition {
  return {
    projectId: file.id,
    name: file.name ?? file.id,
    isDefault: file.default ?? false,
    executor: file.executor ?? 'steps',
    params: Object.fromEntries(
      Object.entries(file.params ?? {}).map(([name, param]) => [name, toParamSpec(param)]),
    ),
    steps: (file.steps ?? []).map(toStep),
    scopes: file.scopes ?? {},
    timeoutSeconds: file.timeoutSeconds ?? null,
    metrics: file.metrics ?? ['newJobsCount', 'relevantCount'],
    quota: file.quota ?? false,
    inputs: file.inputs ?? null,
    schedule: file.schedule
      ? {
          cron: file.schedule.cron,
          timeZone: file.schedule.timeZone ?? 'UTC',
          catchUp: file.schedule.catchUp ?? false,
        }
      : null,
    maxAttempts: file.retry?.maxAttempts ?? 1,
    stopGraceSeconds: file.stopGraceSeconds ?? 30,
    claimTimeoutSeconds: file.claimTimeoutSeconds ?? 0,
  };
}

function toStep(step: StepFile): StepDefinition {
  return {
    name: step.name,
    command: step.command ?? [],
    timeoutSeconds: step.timeoutSeconds ?? null,
    env: Object.fromEntries(Object.entries(step.env ?? {}).map(([name, value]) => [name, String(value)])),
    passEnv: step.passEnv ?? [],
    workingDir: step.workingDir ?? '.',
  };
}

function toParamSpec(param: ParamFile): ParamSpec {
  return {
    type: param.type,
    description: param.description ?? null,
    required: param.required ?? false,
    default: param.default ?? null,
    min: param.min ?? null,
    max: param.max ?? null,
    pattern: param.pattern ?? null,
    values: param.values ?? [],
  };
}
