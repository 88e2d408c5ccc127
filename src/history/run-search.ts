import type { JsonObject } from '../events/run-event';
import type { Run } from '../runs/run';

/** The fields of a run that a search reads. The values of secret params are in none of them. */
export type SearchedRun = Pick<
  Run,
  | 'runId'
  | 'number'
  | 'statusReason'
  | 'error'
  | 'params'
  | 'secretParams'
  | 'workerId'
  | 'triggeredByName'
  | 'artifacts'
>;

/** A search for runs. Both are parts of texts; the case does not matter. */
export interface RunSearch {
  /** The number, the start of the id, or a part of any text that `hasText` reads. */
  text?: string;
  /** A part of the name of an artifact. */
  artifact?: string;
}

const NUMBER = /^#?([1-9]\d{0,14})$/;
/** Each id of the same weeks begins with the same digits, so a shorter start would find too much. */
const START_OF_ID = /^[0-9a-f-]{4,36}$/;

/** Returns the run number that a search text names: "#14" or "14"; null for other text. */
export function numberIn(text: string): number | null {
  const digits = NUMBER.exec(text)?.[1];
  return digits === undefined ? null : Number(digits);
}

/** Returns the number if a search text names nothing else: "#14"; null for other text. */
export function onlyNumberIn(text: string): number | null {
  return text.startsWith('#') ? numberIn(text) : null;
}

/** Returns the start of an id that a search text can be, in lower case; null for other text. */
export function startOfIdIn(text: string): string | null {
  const start = text.toLowerCase();
  return START_OF_ID.test(start) ? start : null;
}

export function isFound(run: SearchedRun, { text, artifact }: RunSearch): boolean {
  return (text === undefined || hasText(run, text)) && (artifact === undefined || hasArtifact(run, artifact));
}

function hasText(run: SearchedRun, text: string): boolean {
  if (run.number === numberIn(text)) return true;
  const start = startOfIdIn(text);
  if (start !== null && run.runId.startsWith(start)) return true;
  const part = text.toLowerCase();
  const has = (value: string | null | undefined) => value?.toLowerCase().includes(part) ?? false;
  return (
    has(run.statusReason) ||
    has(run.error?.code) ||
    has(run.error?.message) ||
    has(run.workerId) ||
    has(run.triggeredByName) ||
    (run.secretParams ?? []).some(has) ||
    textsOf(run.params).some(has) ||
    run.artifacts.some(({ name }) => has(name))
  );
}

function hasArtifact({ artifacts }: Pick<SearchedRun, 'artifacts'>, artifact: string): boolean {
  const part = artifact.toLowerCase();
  return artifacts.some(({ name }) => name.toLowerCase().includes(part));
}

/** Returns the names and the values of params. */
function textsOf(params: JsonObject): string[] {
  return Object.entries(params).flatMap(([name, value]) => [name, ...valueTexts(value)]);
}

function valueTexts(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(valueTexts);
  return [typeof value === 'string' ? value : JSON.stringify(value)];
}

/**
 * Returns the longest part of a text that is written the same way in JSON, in any case. Each text that contains the
 * search text contains this part, also in its JSON. Empty if there is no such part.
 */
export function plainPart(text: string): string {
  const parts = text.match(/[ !#-[\]-~]+/g) ?? [];
  return parts.reduce((longest, part) => (part.length > longest.length ? part : longest), '');
}
