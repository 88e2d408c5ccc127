import path from 'node:path';
import { GlossaryError } from './glossary.errors';

/** All settings of a step. */
export interface Settings {
  /** The folder that document paths and links are relative to. */
  root: string;
  docs: string;
  /** A file with excluded and required terms. */
  terms: string | null;
  /** The folder for intermediate files and the last good glossary. */
  work: string;
  /** A folder for another copy of the glossary. */
  out: string | null;
  /** The run's folder under Jobato: the copy there becomes an artifact. */
  runDir: string | null;
  title: string;
  maxTerms: number;
  minOccurrences: number;
  minScore: number;
  minConfidence: number;
  maxFileKb: number;
  maxDocuments: number;
}

/** Settings available as an option and as a project parameter with the same name. */
export const PARAMETERS = {
  docs: { kind: 'text', default: 'docs' },
  terms: { kind: 'text', default: '' },
  title: { kind: 'text', default: 'Glossary' },
  maxTerms: { kind: 'integer', default: 200, min: 1, max: 2000 },
  minOccurrences: { kind: 'integer', default: 2, min: 1, max: 1000 },
  minScore: { kind: 'number', default: 2, min: 0, max: 1000 },
  minConfidence: { kind: 'number', default: 0.4, min: 0, max: 1 },
  maxFileKb: { kind: 'integer', default: 1024, min: 1, max: 102_400 },
  maxDocuments: { kind: 'integer', default: 5000, min: 1, max: 100_000 },
} as const;

type Parameter = keyof typeof PARAMETERS;

/** Command line options as parsed; all are optional. */
export type GivenOptions = Partial<Record<Parameter | 'work' | 'out', string>>;

/** Options override parameters of the run, which override defaults. An empty text counts as not given. */
export function settingsFrom(options: GivenOptions, env: NodeJS.ProcessEnv, root: string): Settings {
  const params = paramsOf(env);
  const given = (name: Parameter): unknown => {
    for (const value of [options[name], params[name]])
      if (value !== undefined && value !== null && value !== '') return value;
    return PARAMETERS[name].default;
  };
  const text = (name: Parameter): string => {
    const value = given(name);
    if (typeof value !== 'string') throw invalid(name, 'must be a string');
    return value;
  };
  const number = (name: Parameter): number => {
    const spec = PARAMETERS[name];
    if (spec.kind === 'text') throw new Error(`${name} is no number`);
    const value = Number(given(name));
    if (!Number.isFinite(value) || value < spec.min || value > spec.max) {
      throw invalid(name, `must be a number from ${spec.min} to ${spec.max}`);
    }
    if (spec.kind === 'integer' && !Number.isInteger(value)) throw invalid(name, 'must be a whole number');
    return value;
  };
  const terms = text('terms');
  return {
    root,
    docs: text('docs'),
    terms: terms === '' ? null : path.resolve(root, terms),
    work: path.resolve(root, options.work ?? env.JOBATO_WORK_DIR ?? 'data/work/glossary'),
    out: options.out ? path.resolve(root, options.out) : null,
    runDir: env.JOBATO_RUN_DIR ? path.resolve(root, env.JOBATO_RUN_DIR) : null,
    title: text('title'),
    maxTerms: number('maxTerms'),
    minOccurrences: number('minOccurrences'),
    minScore: number('minScore'),
    minConfidence: number('minConfidence'),
    maxFileKb: number('maxFileKb'),
    maxDocuments: number('maxDocuments'),
  };
}

function paramsOf(env: NodeJS.ProcessEnv): Record<string, unknown> {
  const text = env.JOBATO_PARAMS;
  if (text === undefined || text === '') return {};
  let params: unknown;
  try {
    params = JSON.parse(text);
  } catch {
    throw new GlossaryError('INVALID_OPTION', 'JOBATO_PARAMS is no JSON.');
  }
  if (params === null || typeof params !== 'object' || Array.isArray(params)) {
    throw new GlossaryError('INVALID_OPTION', 'JOBATO_PARAMS must be a JSON object.');
  }
  return params as Record<string, unknown>;
}

function invalid(name: Parameter, problem: string): GlossaryError {
  const option = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return new GlossaryError('INVALID_OPTION', `--${option} (parameter ${name}) ${problem}.`);
}
