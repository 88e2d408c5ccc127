import { jsonHash } from './json-hash';
import { NO_NOTIFY_RULES } from './notify-rules';
import {
  DEFAULT_LIVE_RESULT,
  DEFAULT_PARALLEL,
  type ParamSpec,
  type ProjectDefinition,
  type StepDefinition,
} from './project';

/** Members that definitions stored by earlier versions do not have. */
const NEW_MEMBERS = {
  description: null,
  tags: [],
  isEnabled: true,
  watch: [],
  artifacts: [],
  parallel: DEFAULT_PARALLEL,
  schedules: [],
  notifications: NO_NOTIFY_RULES,
  keep: null,
  result: null,
  liveResult: DEFAULT_LIVE_RESULT,
};
/** Members that start runs, report them, limit how long they are kept, or show their results. They do not change what a run does. */
const NOT_OF_A_RUN = {
  schedules: [],
  notifications: NO_NOTIFY_RULES,
  keep: null,
  liveResult: DEFAULT_LIVE_RESULT,
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
  /** Earlier versions stored one. */
  schedule?: unknown;
  params: Record<string, Omit<ParamSpec, keyof typeof NEW_PARAM_MEMBERS>>;
  steps: Omit<StepDefinition, keyof typeof NEW_STEP_MEMBERS>[];
};

/**
 * Returns what a run stores of a definition. Runs with one hash share one copy, so it has no member that the hash leaves
 * out.
 */
export function definitionJson(definition: ProjectDefinition): string {
  return JSON.stringify({ ...definition, ...NOT_OF_A_RUN } satisfies ProjectDefinition);
}

/** Returns a definition that a run has stored, with every member of the present version. */
export function storedDefinition(json: string): ProjectDefinition {
  const stored = JSON.parse(json) as Stored;
  delete stored.schedule; // earlier versions stored it
  for (const param of Object.values(stored.params)) complete(param, NEW_PARAM_MEMBERS);
  for (const step of stored.steps) complete(step, NEW_STEP_MEMBERS);
  complete(stored, NEW_MEMBERS);
  return stored as ProjectDefinition;
}

/** Adds members in place, because each claim reads a definition, and V8 takes long to copy objects of this size. */
function complete(object: object, members: Record<string, unknown>): void {
  for (const name in members)
    if (!Object.hasOwn(object, name)) (object as Record<string, unknown>)[name] = members[name];
}

/**
 * Returns the hash that identifies a definition. Members that earlier versions do not have count only with another value
 * than their default: an upgrade changes no hash, so runs and workers of both versions mean the same definition.
 *
 * Schedules, notifications, limits of retention and the use of results do not count, because they change no run: a worker with an older copy of
 * the file executes the same. Earlier versions hash a member `schedule`, which is null in files without one.
 */
export function definitionHash(definition: ProjectDefinition): string {
  const params = Object.entries(definition.params).map(([name, param]) => [
    name,
    withoutDefaults(param, NEW_PARAM_MEMBERS),
  ]);
  return jsonHash({
    ...withoutDefaults({ ...definition, ...NOT_OF_A_RUN }, NEW_MEMBERS),
    schedule: null,
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
