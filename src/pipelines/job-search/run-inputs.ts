import { readFileSync } from 'node:fs';
import { JobSearchError } from './job-search.errors';
import type { Query } from './score-rules';

/** One search of a run: a query at a domain. */
export interface RunInput {
  queryId: string;
  queryText: string;
  domain: string;
}

/** Reads the searches of the run from the file that Jobato writes. */
export function loadInputs(file: string | null): RunInput[] {
  if (file === null)
    throw new JobSearchError(
      'NO_INPUTS',
      'There are no searches. Set "inputs: queries-x-allowlists" in the project file, or use --inputs.',
    );
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new JobSearchError('INVALID_INPUTS', `${file} cannot be read: ${(error as Error).message}`);
  }
  if (!Array.isArray(content) || !content.every(isInput))
    throw new JobSearchError(
      'INVALID_INPUTS',
      `${file} must be a list of {"queryId", "queryText", "domain"}.`,
    );
  if (content.length === 0) throw new JobSearchError('NO_INPUTS', `${file} has no search.`);
  return content.map(({ queryId, queryText, domain }) => ({
    queryId,
    queryText,
    domain: domain.toLowerCase(),
  }));
}

/** Returns each query once, in the order of the searches. */
export function queriesOf(inputs: readonly RunInput[]): Query[] {
  const texts = new Map(inputs.map(({ queryId, queryText }) => [queryId, queryText]));
  return [...texts].map(([id, text]) => ({ id, text }));
}

function isInput(value: unknown): value is RunInput {
  const { queryId, queryText, domain } = (value ?? {}) as Record<string, unknown>;
  return [queryId, queryText, domain].every((text) => typeof text === 'string');
}
