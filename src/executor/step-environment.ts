import type { Environment } from '../config/config';
import type { JsonObject, QuotaBudget } from '../events/run-event';
import type { StepDefinition } from '../projects/project';

/** What a step finds in its environment about the run that it is part of. */
export interface StepContext {
  runId: string;
  projectId: string;
  scope: string;
  attempt: number;
  params: JsonObject;
  /** Kept between the runs of a project. */
  workDir: string;
  /** This run's own; artifacts lie here. */
  runDir: string;
  /** Where the run's inputs lie as JSON; null where it has none. */
  inputsFile: string | null;
  /** Null without a quota. */
  quota: QuotaBudget | null;
}

/** The descriptor on which a step may report; see step-report.ts. */
export const EVENTS_FD = 3;

/** Built, not inherited: a step gets what its file says and what a program needs to run at all, nothing else. */
export function stepEnvironment(
  step: Pick<StepDefinition, 'name' | 'env' | 'passEnv'>,
  context: StepContext,
  server: Environment,
): Record<string, string> {
  return {
    PATH: server.PATH ?? '/usr/local/bin:/usr/bin:/bin',
    HOME: server.HOME ?? '/',
    LANG: server.LANG ?? 'C.UTF-8',
    ...passedOn(step.passEnv, server),
    ...step.env,
    JOBATO_RUN_ID: context.runId,
    JOBATO_PROJECT_ID: context.projectId,
    JOBATO_STEP: step.name,
    JOBATO_SCOPE: context.scope,
    JOBATO_ATTEMPT: String(context.attempt),
    JOBATO_PARAMS: JSON.stringify(context.params),
    JOBATO_WORK_DIR: context.workDir,
    JOBATO_RUN_DIR: context.runDir,
    JOBATO_EVENTS_FD: String(EVENTS_FD),
    ...(context.inputsFile !== null && { JOBATO_INPUTS_FILE: context.inputsFile }),
    ...(context.quota !== null && {
      JOBATO_QUOTA_REMAINING: String(context.quota.remaining),
      JOBATO_QUOTA_CONCURRENCY: String(context.quota.concurrencyLimit),
    }),
  };
}

/** The values that must not show anywhere. */
export function secretsOf(steps: Pick<StepDefinition, 'passEnv'>[], server: Environment): string[] {
  return steps.flatMap(({ passEnv }) => Object.values(passedOn(passEnv, server)));
}

function passedOn(names: string[], server: Environment): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = server[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
