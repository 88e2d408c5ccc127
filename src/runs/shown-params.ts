import type { JsonObject } from '../events/run-event';
import { HIDDEN_SECRET } from '../projects/param-value';
import type { Run } from './run';

/** Returns the params of a run for readers, with a mark in place of each secret that was given. */
export function shownParams({ params, secretParams }: Pick<Run, 'params' | 'secretParams'>): JsonObject {
  if (secretParams === null) return params;
  return { ...params, ...Object.fromEntries(secretParams.map((name) => [name, HIDDEN_SECRET])) };
}
