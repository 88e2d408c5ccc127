import { NOTIFY_ROUTES_SCHEMA, type NotifyRoute } from './notify-rules';
import { MAX_ITEMS } from './param-value';
import { MAX_PARAMS_BYTES } from './params';
import { MAX_PATTERN_BYTES } from './pattern';
import {
  type KeepSetting,
  PARAM_TYPES,
  type ParamType,
  type ParamValue,
  type StepRetry,
  type StepWhen,
  STEP_WHENS,
} from './project';

/** The content of a project file; the README explains each key. */
export interface ProjectFile {
  id: string;
  name?: string;
  description?: string;
  tags?: string[];
  /** False: no run starts. */
  enabled?: boolean;
  default?: boolean;
  executor?: 'steps' | 'external';
  params?: Record<string, ParamFile>;
  /** For all steps; a step can have others beside it. */
  env?: Record<string, string>;
  passEnv?: string[];
  passPlainEnv?: string[];
  steps?: StepFile[];
  /** How many steps may run side by side. */
  parallel?: number;
  scopes?: Record<string, string[]>;
  timeoutSeconds?: number;
  metrics?: string[];
  quota?: boolean;
  inputs?: 'queries-x-allowlists';
  watch?: string[];
  /** Patterns of artifacts of every step. */
  artifacts?: string[];
  /** One entry, or a list of named ones. */
  schedule?: ScheduleFile | ScheduleFile[];
  keep?: KeepSetting;
  result?: ResultFile;
  retry?: { maxAttempts?: number };
  stopGraceSeconds?: number;
  claimTimeoutSeconds?: number;
  notify?: NotifyRoute[];
  lateAfterSeconds?: number;
  longAfterSeconds?: number;
  expectSuccessEverySeconds?: number;
}

export interface ResultFile {
  pointer?: string;
  artifact?: string;
  partial?: boolean;
  keep?: number;
  table?: {
    name: string;
    columns?: string[];
    newBy?: string;
    title?: string;
    link?: string;
    sort?: string;
  };
}

export interface ScheduleFile {
  /** Every entry of a list has one. */
  name?: string;
  cron: string;
  timeZone?: string;
  scope?: string;
  params?: Record<string, ParamValue>;
  catchUp?: boolean;
  enabled?: boolean;
}

export interface ParamFile {
  type: ParamType;
  description?: string;
  example?: ParamValue;
  required?: boolean;
  default?: ParamValue;
  multiline?: boolean;
  /** A date as text for a date, else a number. */
  min?: number | string;
  max?: number | string;
  pattern?: string;
  values?: string[];
}

export interface StepFile {
  name: string;
  command?: string[];
  /** A script, instead of a command. */
  run?: string;
  /** The program of the script and its arguments. */
  shell?: string[];
  timeoutSeconds?: number;
  env?: Record<string, string>;
  passEnv?: string[];
  passPlainEnv?: string[];
  workingDir?: string;
  /** The steps that must end before this one starts. */
  needs?: string[];
  when?: StepWhen;
  continueOnError?: boolean;
  /** Records stderr as stdout, in the exact order of both. */
  mergeOutput?: boolean;
  /** Further attempts after a failure. */
  retry?: Partial<StepRetry>;
  artifacts?: string[];
}

const NAME = '^[a-z0-9][a-z0-9._-]*$';
/** Part of an address, so without blanks. */
const TAG = '^[A-Za-z0-9][A-Za-z0-9._-]*$';
const VARIABLE = '^[A-Za-z_][A-Za-z0-9_]*$';
const MAX_FILE_STEPS = 1000;
/** Each attempt is kept with the run. */
const MAX_STEP_ATTEMPTS = 100;
/** A hundred years. */
const MAX_KEEP_DAYS = 36_500;
/** The place of a run among so many is still found in milliseconds. */
const MAX_KEEP_RUNS = 100_000;
/** About 23 days. Node timers accept at most 2^31 ms and fire at once for more. */
const seconds = { type: 'number', exclusiveMinimum: 0, maximum: 2_000_000 };
const thresholdSeconds = { type: 'number', exclusiveMinimum: 0, maximum: 31_536_000 };
const secondsOrZero = { type: 'number', minimum: 0, maximum: 31_536_000 };
/**
 * Linux limits one argument or variable to 128 KiB. A UTF-16 unit takes up to three bytes in UTF-8; two units of a
 * pair take four.
 */
const argument = { type: 'string', maxLength: 32_768 };
const variable = { type: 'string', pattern: VARIABLE, maxLength: 200 };
const environment = {
  type: 'object',
  maxProperties: 500,
  propertyNames: { pattern: VARIABLE, maxLength: variable.maxLength },
  additionalProperties: argument,
};
const variables = { type: 'array', items: variable, maxItems: 100 };
const paramValue = {
  type: ['string', 'number', 'boolean', 'array'],
  maxLength: MAX_PARAMS_BYTES,
  items: { type: 'string', maxLength: MAX_PARAMS_BYTES },
  maxItems: MAX_ITEMS,
};
const filePatterns = {
  type: 'array',
  items: { type: 'string', minLength: 1, maxLength: 500 },
  maxItems: 20,
};
const scheduleEntry = {
  required: ['cron'],
  additionalProperties: false,
  properties: {
    name: { type: 'string', pattern: '^[a-z0-9-]+$', maxLength: 64 },
    cron: { type: 'string', maxLength: 200 },
    timeZone: { type: 'string', maxLength: 100 },
    scope: { type: 'string', minLength: 1, maxLength: 200 },
    params: {
      type: 'object',
      maxProperties: 100,
      propertyNames: { pattern: VARIABLE, maxLength: 100 },
      additionalProperties: paramValue,
    },
    catchUp: { type: 'boolean' },
    enabled: { type: 'boolean' },
  },
};
const stepName = { type: 'string', pattern: NAME, maxLength: 100 };

/** The name of a table or a column of an SQLite database. */
const columnName = { type: 'string', minLength: 1, maxLength: 200 };

export const PROJECT_FILE_SCHEMA = {
  type: 'object',
  required: ['id'],
  additionalProperties: false,
  properties: {
    id: { type: 'string', pattern: '^[a-z0-9-]+$', maxLength: 100 },
    name: { type: 'string', minLength: 1, maxLength: 200 },
    description: { type: 'string', maxLength: 2000 },
    tags: {
      type: 'array',
      items: { type: 'string', pattern: TAG, maxLength: 50 },
      maxItems: 20,
      uniqueItems: true,
    },
    enabled: { type: 'boolean' },
    default: { type: 'boolean' },
    executor: { enum: ['steps', 'external'] },
    params: {
      type: 'object',
      maxProperties: 100,
      propertyNames: { pattern: VARIABLE, maxLength: 100 },
      additionalProperties: {
        type: 'object',
        required: ['type'],
        additionalProperties: false,
        properties: {
          type: { enum: PARAM_TYPES },
          description: { type: 'string', maxLength: 2000 },
          required: { type: 'boolean' },
          example: paramValue,
          default: paramValue,
          multiline: { type: 'boolean' },
          min: { type: ['number', 'string'], maxLength: 10 },
          max: { type: ['number', 'string'], maxLength: 10 },
          pattern: { type: 'string', maxLength: MAX_PATTERN_BYTES },
          values: {
            type: 'array',
            items: { type: 'string', maxLength: 1000 },
            minItems: 1,
            maxItems: 1000,
            uniqueItems: true,
          },
        },
      },
    },
    env: environment,
    passEnv: variables,
    passPlainEnv: variables,
    steps: {
      type: 'array',
      maxItems: MAX_FILE_STEPS,
      items: {
        type: 'object',
        required: ['name'],
        additionalProperties: false,
        properties: {
          name: stepName,
          command: {
            type: 'array',
            items: argument,
            minItems: 1,
            maxItems: 1000,
            $comment: 'Write a line for a shell as "run"',
          },
          run: { ...argument, minLength: 1 },
          shell: { type: 'array', items: argument, minItems: 1, maxItems: 20 },
          timeoutSeconds: seconds,
          env: environment,
          passEnv: variables,
          passPlainEnv: variables,
          workingDir: { type: 'string', minLength: 1, maxLength: 4096 },
          needs: { type: 'array', items: stepName, maxItems: MAX_FILE_STEPS, uniqueItems: true },
          when: { enum: STEP_WHENS },
          continueOnError: { type: 'boolean' },
          artifacts: filePatterns,
          mergeOutput: { type: 'boolean' },
          retry: {
            type: 'object',
            required: ['maxAttempts'],
            additionalProperties: false,
            properties: {
              maxAttempts: { type: 'integer', minimum: 1, maximum: MAX_STEP_ATTEMPTS },
              delaySeconds: { type: 'number', minimum: 0, maximum: 86_400 },
              backoff: { type: 'number', minimum: 1, maximum: 100 },
              maxDelaySeconds: { type: 'number', minimum: 0, maximum: 86_400 },
            },
          },
        },
      },
    },
    parallel: { type: 'integer', minimum: 1, maximum: 100 },
    scopes: {
      type: 'object',
      maxProperties: 100,
      propertyNames: { pattern: NAME, maxLength: 100 },
      additionalProperties: { type: 'array', items: stepName, minItems: 1, maxItems: MAX_FILE_STEPS },
    },
    timeoutSeconds: seconds,
    metrics: { type: 'array', items: { type: 'string', pattern: VARIABLE, maxLength: 100 }, maxItems: 20 },
    quota: { type: 'boolean' },
    inputs: { enum: ['queries-x-allowlists'] },
    watch: filePatterns,
    artifacts: filePatterns,
    // Rules of an object do not apply to a list, and the other way round. `oneOf` would hide what is wrong.
    schedule: {
      type: ['object', 'array'],
      ...scheduleEntry,
      items: { type: 'object', ...scheduleEntry, required: ['name', 'cron'] },
      maxItems: 50,
    },
    keep: {
      type: 'object',
      additionalProperties: false,
      properties: {
        days: { type: 'integer', minimum: 0, maximum: MAX_KEEP_DAYS },
        runs: { type: 'integer', minimum: 1, maximum: MAX_KEEP_RUNS },
        logsDays: { type: 'integer', minimum: 1, maximum: MAX_KEEP_DAYS },
        artifactsDays: { type: 'integer', minimum: 1, maximum: MAX_KEEP_DAYS },
      },
    },
    result: {
      type: 'object',
      additionalProperties: false,
      properties: {
        pointer: { type: 'string', minLength: 1, maxLength: 500 },
        artifact: { type: 'string', minLength: 1, maxLength: 500 },
        partial: { type: 'boolean' },
        keep: { type: 'integer', minimum: 0, maximum: 100 },
        table: {
          type: 'object',
          required: ['name'],
          additionalProperties: false,
          properties: {
            name: columnName,
            columns: { type: 'array', items: columnName, minItems: 1, maxItems: 50, uniqueItems: true },
            newBy: columnName,
            title: columnName,
            link: columnName,
            sort: columnName,
          },
        },
      },
    },
    retry: {
      type: 'object',
      additionalProperties: false,
      properties: { maxAttempts: { type: 'integer', minimum: 1, maximum: 100 } },
    },
    stopGraceSeconds: secondsOrZero,
    claimTimeoutSeconds: secondsOrZero,
    notify: NOTIFY_ROUTES_SCHEMA,
    lateAfterSeconds: thresholdSeconds,
    longAfterSeconds: thresholdSeconds,
    expectSuccessEverySeconds: thresholdSeconds,
  },
};
