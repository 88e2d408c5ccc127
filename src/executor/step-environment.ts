import type { Environment } from '../config/environment';
import type { JsonObject, QuotaBudget, StepOutputs } from '../events/run-event';
import { outputVariable, paramVariable } from '../projects/placeholders';
import type { ProjectDefinition, StepDefinition } from '../projects/project';

/** Data about a run, the same for all its steps. */
export interface RunContext {
  runId: string;
  projectId: string;
  scope: string;
  attempt: number;
  params: JsonObject;
  /** Kept between the runs of a project. */
  workDir: string;
  /** Separate for each run; contains its artifacts. */
  runDir: string;
  /** JSON file with the inputs of the run; null without inputs. */
  inputsFile: string | null;
  /** Raw pages that the run captures, and other large files that are no artifacts. */
  htmlDir: string;
  /** File of the project's live result; null before there is one. */
  currentResult: string | null;
}

/** Data for the environment of one attempt at a step. */
export interface StepContext extends RunContext {
  /** From 1. */
  stepAttempt: number;
  /** Outputs of the steps that ended before. */
  outputs: StepOutputs;
  /** Null without a quota. */
  quota: QuotaBudget | null;
}

/** A file in the run's folder: inputs may be too large for an environment variable. */
export const INPUTS_FILE = 'inputs.json';

/** File descriptor for reports of a step; see step-report.ts. */
export const EVENTS_FD = 3;

/**
 * Builds the environment of a step. Not inherited: it contains only the variables in the project file and those that
 * every program needs.
 */
export function stepEnvironment(
  step: Pick<StepDefinition, 'name' | 'env' | 'passEnv' | 'passPlainEnv'>,
  context: StepContext,
  server: Environment,
): Record<string, string> {
  // Each step needs this. Spreads and lists of entries take V8 ten times as long.
  const variables: Record<string, string> = givenVariables(step, server);
  addValues(variables, context);
  const reserved = reservedVariables(step.name, context);
  for (const name in reserved) {
    const value = reserved[name];
    if (value === undefined) delete variables[name];
    else variables[name] = value;
  }
  return variables;
}

/** Returns the variables of a step that do not depend on the run. */
export function givenVariables(
  step: Pick<StepDefinition, 'env' | 'passEnv' | 'passPlainEnv'>,
  server: Environment,
): Record<string, string> & { PATH: string; HOME: string } {
  return {
    PATH: server.PATH ?? '/usr/local/bin:/usr/bin:/bin',
    HOME: server.HOME ?? '/',
    LANG: server.LANG ?? 'C.UTF-8',
    ...passedOn([...step.passPlainEnv, ...step.passEnv], server),
    ...step.env,
  };
}

/** Adds one variable for each parameter, and for each output of an earlier step. */
function addValues(variables: Record<string, string>, { params, outputs }: StepContext): void {
  for (const [name, value] of Object.entries(params)) variables[paramVariable(name)] = textOf(value);
  for (const [step, values] of Object.entries(outputs))
    for (const [name, value] of Object.entries(values)) variables[outputVariable(step, name)] = textOf(value);
}

/** Returns a parameter or an output as a program receives it. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/**
 * Returns the variables that only Jobato sets. Undefined for those without a value, so that a project file cannot set
 * them.
 */
function reservedVariables(stepName: string, context: StepContext): Record<string, string | undefined> {
  return {
    JOBATO_RUN_ID: context.runId,
    JOBATO_PROJECT_ID: context.projectId,
    JOBATO_STEP: stepName,
    JOBATO_SCOPE: context.scope,
    JOBATO_ATTEMPT: String(context.attempt),
    JOBATO_STEP_ATTEMPT: String(context.stepAttempt),
    JOBATO_PARAMS: JSON.stringify(context.params),
    JOBATO_WORK_DIR: context.workDir,
    JOBATO_RUN_DIR: context.runDir,
    JOBATO_EVENTS_FD: String(EVENTS_FD),
    JOBATO_INPUTS_FILE: context.inputsFile ?? undefined,
    JOBATO_HTML_DIR: context.htmlDir,
    JOBATO_CURRENT_RESULT: context.currentResult ?? undefined,
    JOBATO_QUOTA_REMAINING: context.quota?.remaining.toString(),
    JOBATO_QUOTA_CONCURRENCY: context.quota?.concurrencyLimit.toString(),
  };
}

/** Returns the values that may be masked; `maskingOf` decides. */
export function secretsOf(steps: Pick<StepDefinition, 'passEnv'>[], server: Environment): string[] {
  return steps.flatMap(({ passEnv }) => Object.values(passedOn(passEnv, server)));
}

/** Returns the values of secret params that may be masked; `maskingOf` decides. */
export function secretParamsOf(specs: ProjectDefinition['params'], params: JsonObject): string[] {
  return Object.entries(specs).flatMap(([name, { type }]) => {
    const value = Object.hasOwn(params, name) ? params[name] : undefined;
    return type === 'secret' && typeof value === 'string' ? [value] : [];
  });
}

function passedOn(names: string[], server: Environment): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const name of names) {
    const value = server[name];
    if (value !== undefined) passed[name] = value;
  }
  return passed;
}
