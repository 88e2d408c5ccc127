import path from 'node:path';
import { DEFAULT_CONCURRENCY } from './call-budget';
import { JobSearchError } from './job-search.errors';

/** Settings of all steps. */
export interface Settings {
  /** `sample`, or the path of a sources file. */
  sources: string;
  /** Score from which a posting counts as relevant. */
  threshold: number;
  /** Pages that one run captures at most. */
  maxPages: number;
  requestTimeoutSeconds: number;
  maxTries: number;
  retryDelayMs: number;
  /** Limit of one list of postings. */
  maxResponseKb: number;
  /** Limit of one page. */
  maxPageKb: number;
  /** Lets requests go to private addresses. Only the command line can set it, for tests with local servers. */
  allowPrivate: boolean;
  run: RunSettings;
}

/** Where a step finds and leaves its files, and what it may use. */
export interface RunSettings {
  runId: string;
  /** Holds the files that the steps hand over. */
  runDir: string;
  /** For captured pages. */
  htmlDir: string;
  inputsFile: string | null;
  /** The live result of an earlier run. It is only read. */
  currentResult: string | null;
  /** Calls that this step may issue; null without a quota. */
  quotaRemaining: number | null;
  concurrency: number;
}

/** Settings available as an option and as a project parameter with the same name. */
export const PARAMETERS = {
  sources: { default: 'sample', description: '"sample", or the path of a sources file' },
  threshold: { default: 60, min: 0, max: 100, description: 'score from which a posting is relevant' },
  maxPages: { default: 50, min: 0, max: 10_000, description: 'most pages to capture' },
  requestTimeoutSeconds: { default: 30, min: 0.1, max: 600, description: 'limit of one request' },
  maxTries: { default: 3, min: 1, max: 10, description: 'tries of a request with a temporary failure' },
  retryDelayMs: { default: 1000, min: 0, max: 60_000, description: 'pause before the first retry' },
  maxResponseKb: { default: 20_480, min: 1, max: 102_400, description: 'limit of a list of postings' },
  maxPageKb: { default: 2048, min: 1, max: 20_480, description: 'limit of a page' },
} as const;

type Parameter = keyof typeof PARAMETERS;
type NumberParameter = Exclude<Parameter, 'sources'>;

/** Command line options as parsed; all are optional. */
export type GivenOptions = Partial<Record<Parameter | 'runDir' | 'inputs', string>> & {
  allowPrivateAddresses?: boolean;
};

/** Options override parameters of the run, which override defaults. An empty text counts as not given. */
export function settingsFrom(options: GivenOptions, env: NodeJS.ProcessEnv, root: string): Settings {
  const params = paramsOf(env);
  const given = (name: Parameter): unknown =>
    [options[name], params[name]].find((value) => value !== undefined && value !== null && value !== '') ??
    PARAMETERS[name].default;
  const number = (name: NumberParameter): number => {
    const { min, max } = PARAMETERS[name];
    const value = Number(given(name));
    if (!Number.isFinite(value) || value < min || value > max)
      throw invalid(name, `must be a number from ${min} to ${max}`);
    return value;
  };
  const sources = given('sources');
  if (typeof sources !== 'string') throw invalid('sources', 'must be a string');
  return {
    sources,
    threshold: number('threshold'),
    maxPages: number('maxPages'),
    requestTimeoutSeconds: number('requestTimeoutSeconds'),
    maxTries: number('maxTries'),
    retryDelayMs: number('retryDelayMs'),
    maxResponseKb: number('maxResponseKb'),
    maxPageKb: number('maxPageKb'),
    allowPrivate: options.allowPrivateAddresses === true,
    run: runSettings(options, env, root),
  };
}

function runSettings(options: GivenOptions, env: NodeJS.ProcessEnv, root: string): RunSettings {
  const runDir = path.resolve(root, options.runDir ?? env.JOBATO_RUN_DIR ?? 'data/runs/job-search');
  const optionalPath = (value: string | undefined) =>
    value === undefined || value === '' ? null : path.resolve(root, value);
  return {
    runId: env.JOBATO_RUN_ID ?? 'manual',
    runDir,
    htmlDir: optionalPath(env.JOBATO_HTML_DIR) ?? path.join(runDir, 'html'),
    inputsFile: optionalPath(options.inputs ?? env.JOBATO_INPUTS_FILE),
    currentResult: optionalPath(env.JOBATO_CURRENT_RESULT),
    quotaRemaining: countOf(env, 'JOBATO_QUOTA_REMAINING'),
    concurrency: Math.max(1, countOf(env, 'JOBATO_QUOTA_CONCURRENCY') ?? DEFAULT_CONCURRENCY),
  };
}

/** An unreadable limit must not become "no limit". */
function countOf(env: NodeJS.ProcessEnv, name: string): number | null {
  const text = env[name];
  if (text === undefined || text === '') return null;
  if (!/^\d{1,9}$/.test(text)) throw new JobSearchError('INVALID_OPTION', `${name} must be a whole number.`);
  return Number(text);
}

function paramsOf(env: NodeJS.ProcessEnv): Record<string, unknown> {
  const text = env.JOBATO_PARAMS;
  if (text === undefined || text === '') return {};
  let params: unknown;
  try {
    params = JSON.parse(text);
  } catch {
    throw new JobSearchError('INVALID_OPTION', 'JOBATO_PARAMS is not JSON.');
  }
  if (params === null || typeof params !== 'object' || Array.isArray(params))
    throw new JobSearchError('INVALID_OPTION', 'JOBATO_PARAMS must be a JSON object.');
  return params as Record<string, unknown>;
}

export function optionName(parameter: string): string {
  return parameter.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function invalid(name: Parameter, problem: string): JobSearchError {
  return new JobSearchError('INVALID_OPTION', `--${optionName(name)} (parameter ${name}) ${problem}.`);
}
