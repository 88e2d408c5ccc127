import { Document, isMap, type Node, visit } from 'yaml';
import {
  DEFAULT_PARALLEL,
  type ParamSpec,
  type ProjectDefinition,
  type StepDefinition,
} from '../../projects/project';
import type { ParamFile, ProjectFile, StepFile } from '../../projects/project-file.schema';

const LINE_WIDTH = 100;
/** The rest of a line is for the key. */
const SHORT = 84;

/**
 * Returns a stored definition as the YAML of a project file, without what is as by default. The definition has the names
 * of passed variables and of secret params, never their values.
 */
export function definitionFile(definition: ProjectDefinition): string {
  const document = new Document(fileOf(definition), { aliasDuplicateObjects: false });
  // A command, a list of names or a param is in one line where it fits.
  const params = document.get('params');
  visit(document, {
    Seq(_, node) {
      if (!node.items.some(isMap)) node.flow = isShort(node);
    },
    Map(_, node, path) {
      const parent = path.at(-2);
      if (parent === params) node.flow = isShort(node);
    },
  });
  return document.toString({ lineWidth: LINE_WIDTH, flowCollectionPadding: false });
}

function fileOf(definition: ProjectDefinition): ProjectFile {
  const { projectId, name, result, maxAttempts } = definition;
  return defined<ProjectFile>({
    id: projectId,
    name: unless(name, projectId),
    description: definition.description ?? undefined,
    tags: unlessEmpty(definition.tags),
    enabled: unless(definition.isEnabled, true),
    default: unless(definition.isDefault, false),
    executor: unless(definition.executor, 'steps'),
    params: mapped(definition.params, paramOf),
    steps: unlessEmpty(definition.steps.map(stepOf)),
    parallel: unless(definition.parallel, DEFAULT_PARALLEL),
    scopes: mapped(definition.scopes, (steps) => steps),
    timeoutSeconds: definition.timeoutSeconds ?? undefined,
    metrics: definition.metrics,
    quota: unless(definition.quota, false),
    inputs: definition.inputs ?? undefined,
    watch: unlessEmpty(definition.watch),
    artifacts: unlessEmpty(definition.artifacts),
    result: result
      ? defined({ artifact: result.artifact ?? undefined, partial: unless(result.partial, false) })
      : undefined,
    retry: maxAttempts === 1 ? undefined : { maxAttempts },
    stopGraceSeconds: unless(definition.stopGraceSeconds, 30),
    claimTimeoutSeconds: unless(definition.claimTimeoutSeconds, 0),
  });
}

function stepOf(step: StepDefinition): StepFile {
  const { script } = step;
  return defined<StepFile>({
    name: step.name,
    command: script === null ? unlessEmpty(step.command) : undefined,
    run: script?.text,
    shell: script?.shell ?? undefined,
    needs: step.needs ?? undefined,
    when: unless(step.when, 'success'),
    timeoutSeconds: step.timeoutSeconds ?? undefined,
    retry: step.retry ?? undefined,
    continueOnError: unless(step.continueOnError, false),
    mergeOutput: unless(step.mergeOutput, false),
    workingDir: unless(step.workingDir, '.'),
    env: mapped(step.env, (value) => value),
    passEnv: unlessEmpty(step.passEnv),
    passPlainEnv: unlessEmpty(step.passPlainEnv),
    artifacts: unlessEmpty(step.artifacts),
  });
}

function paramOf(param: ParamSpec): ParamFile {
  const isSecret = param.type === 'secret';
  return defined<ParamFile>({
    type: param.type,
    description: param.description ?? undefined,
    required: unless(param.required, false),
    default: isSecret ? undefined : (param.default ?? undefined),
    example: isSecret ? undefined : (param.example ?? undefined),
    multiline: unless(param.multiline, false),
    min: param.min ?? undefined,
    max: param.max ?? undefined,
    pattern: param.pattern ?? undefined,
    values: isSecret ? undefined : unlessEmpty(param.values),
  });
}

/** Leaves out the members that are undefined, which YAML would write as null. */
function defined<Value extends object>(value: Value): Value {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as Value;
}

function unless<Value>(value: Value, usual: Value): Value | undefined {
  return value === usual ? undefined : value;
}

function unlessEmpty<Item>(items: Item[]): Item[] | undefined {
  return items.length === 0 ? undefined : items;
}

function mapped<From, To>(
  values: Record<string, From>,
  to: (value: From) => To,
): Record<string, To> | undefined {
  const entries = Object.entries(values).map(([name, value]) => [name, to(value)] as const);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function isShort(node: Node): boolean {
  return JSON.stringify(node.toJSON()).length <= SHORT;
}
