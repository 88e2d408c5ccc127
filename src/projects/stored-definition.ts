import { jsonHash } from './json-hash';
import { DEFAULT_PARALLEL, type ParamSpec, type ProjectDefinition, type StepDefinition } from './project';

/** Members that definitions stored by earlier versions do not have. */
const NEW_MEMBERS = {
  description: null,
  tags: [],
  isEnabled: true,
  watch: [],
  artifacts: [],
  parallel: DEFAULT_PARALLEL,
  keep: null,
};
const NEW_STEP_MEMBERS = {
  script: null,
  passPlainEnv: [],
  needs: null,
  when: 'success' as const,
  continueOnError: false,
  mergeOutput: false,
  retry: null,
  artifacts: [],
};
const NEW_PARAM_MEMBERS = { example: null, multiline: false };

type Stored = Omit<ProjectDefinition, keyof typeof NEW_MEMBERS | 'params' | 'steps'> & {
  params: Record<string, Omit<ParamSpec, keyof typeof NEW_PARAM_MEMBERS>>;
  steps: Omit<StepDefinition, keyof typeof NEW_STEP_MEMBERS>[];
};

/** Returns a definition that a run has stored, with every member of the present version. */
export function storedDefinition(json: string): ProjectDefinition {
  const stored = JSON.parse(json) as Stored;
  const params = Object.entries(stored.params).map(([name, param]) => [
    name,
    { ...NEW_PARAM_MEMBERS, ...param },
  ]);
  return {
    ...NEW_MEMBERS,
    ...stored,
    params: Object.fromEntries(params) as ProjectDefinition['params'],
    steps: stored.steps.map((step) => ({ ...NEW_STEP_MEMBERS, ...step })),
  };
}

/**
 * Returns the hash that identifies a definition. Members that earlier versions do not have count only with another value
 * than their default: an upgrade changes no hash, so runs and workers of both versions mean the same definition. How long
 * runs are kept never counts.
 */
export function definitionHash(definition: ProjectDefinition): string {
  const { keep: _, ...counted } = definition;
  const params = Object.entries(definition.params).map(([name, param]) => [
    name,
    withoutDefaults(param, NEW_PARAM_MEMBERS),
  ]);
  return jsonHash({
    ...withoutDefaults(counted, NEW_MEMBERS),
    params: Object.fromEntries(params) as object,
    steps: definition.steps.map((step) => withoutDefaults(step, NEW_STEP_MEMBERS)),
  });
}

function withoutDefaults(object: object, defaults: Record<string, unknown>): object {
  return Object.fromEntries(
    Object.entries(object).filter(
      ([name, value]) =>
        !Object.hasOwn(defaults, name) || JSON.stringify(value) !== JSON.stringify(defaults[name]),
    ),
  );
}
