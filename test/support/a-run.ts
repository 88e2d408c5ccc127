import { newRun } from '../../src/runs/new-run';
import type { QuotaBudget, RunInput, StepOutputs } from '../../src/events/run-event';
import { NO_NOTIFY_RULES } from '../../src/projects/notify-rules';
import {
  DEFAULT_LIVE_RESULT,
  type ParamSpec,
  type ProjectDefinition,
  type ScheduleEntry,
} from '../../src/projects/project';
import type { Run } from '../../src/runs/run';
import { type RunCommand, transition } from '../../src/runs/run-state';

/** The start of the runs in these tests, and a later time. */
export const START = '2026-03-01T10:00:00.000Z';
export const LATER = '2026-03-01T10:05:00.000Z';
export const RUN_ID = '019ca9d6-8580-7000-8000-000000000001';

export function aParam(more: Partial<ParamSpec> = {}): ParamSpec {
  return {
    type: 'integer',
    description: null,
    example: null,
    required: false,
    default: null,
    multiline: false,
    min: null,
    max: null,
    pattern: null,
    values: [],
    ...more,
  };
}

export function aSchedule(more: Partial<ScheduleEntry> = {}): ScheduleEntry {
  return {
    name: 'default',
    cron: '@daily',
    timeZone: 'UTC',
    scope: 'full',
    params: {},
    catchUp: false,
    isEnabled: true,
    ...more,
  };
}

export function aProject(more: Partial<ProjectDefinition> = {}): ProjectDefinition {
  return {
    projectId: 'demo',
    name: 'Demo',
    description: null,
    tags: [],
    isEnabled: true,
    isDefault: false,
    executor: 'steps',
    params: {},
    steps: ['fetch', 'parse', 'report'].map((name) => ({
      name,
      command: ['true'],
      timeoutSeconds: null,
      env: {},
      passEnv: [],
      passPlainEnv: [],
      script: null,
      workingDir: '.',
      needs: null,
      when: 'success' as const,
      continueOnError: false,
      mergeOutput: false,
      retry: null,
      artifacts: [],
    })),
    artifacts: [],
    parallel: 4,
    scopes: {},
    timeoutSeconds: null,
    metrics: ['newJobsCount', 'relevantCount'],
    quota: false,
    inputs: null,
    watch: [],
    schedules: [],
    keep: null,
    result: null,
    liveResult: DEFAULT_LIVE_RESULT,
    maxAttempts: 1,
    stopGraceSeconds: 30,
    claimTimeoutSeconds: 0,
    notifications: NO_NOTIFY_RULES,
    ...more,
  };
}

/** Returns a run that was just triggered. */
export function aNewRun(
  project: Partial<ProjectDefinition> = {},
  given: { runInputs?: RunInput[]; quota?: QuotaBudget; earlierOutputs?: StepOutputs } = {},
): Run {
  const definition = aProject(project);
  return newRun({
    start: { runId: RUN_ID, startedAtMs: Date.parse(START), idIsAhead: 0 },
    project: definition,
    definitionHash: 'f'.repeat(64),
    scope: 'full',
    steps: definition.steps.map(({ name }) => name),
    params: { depth: 2 },
    triggeredBy: 'api',
    rerunOf: null,
    runInputs: given.runInputs ?? null,
    watchedFiles: null,
    quota: given.quota ?? null,
    currentResult: null,
    earlierOutputs: given.earlierOutputs ?? null,
  });
}

/** Returns the run after these commands. Throws if a command is refused. */
export function after(run: Run, commands: RunCommand[], now = LATER): Run {
  return commands.reduce((current, command) => {
    const result = transition(current, command, now);
    if (!result.applied) throw new Error(`${command.type} was refused: ${result.refusal}`);
    return result.run;
  }, run);
}
