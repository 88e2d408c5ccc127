import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import path from 'node:path';
import { JobSearchError } from './job-search.errors';

/** The files in the run's folder, and the step that writes each. */
const STEP_FILES = {
  found: { name: 'found.json', madeBy: 'search' },
  captured: { name: 'captured.json', madeBy: 'capture' },
  unique: { name: 'unique.json', madeBy: 'dedupe' },
  scored: { name: 'scored.json', madeBy: 'score' },
} as const;

export type StepFile = keyof typeof STEP_FILES;

/** Raise it with any change to the format of a file. */
const VERSION = 1;

export function saveStepFile(runDir: string, file: StepFile, content: unknown): void {
  mkdirSync(runDir, { recursive: true });
  writeDurably(
    path.join(runDir, STEP_FILES[file].name),
    `${JSON.stringify({ version: VERSION, content })}\n`,
  );
}

/** @throws JobSearchError with the step to run first */
export function loadStepFile<T>(runDir: string, file: StepFile): T {
  const { name, madeBy } = STEP_FILES[file];
  const full = path.join(runDir, name);
  let text: string;
  try {
    text = readFileSync(full, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new JobSearchError('MISSING_STEP_FILE', `${full} is missing: run the step "${madeBy}" first.`);
  }
  let envelope: { version?: unknown; content?: unknown };
  try {
    envelope = JSON.parse(text) as typeof envelope;
  } catch {
    throw new JobSearchError('INVALID_STEP_FILE', `${full} is damaged: run the step "${madeBy}" again.`);
  }
  if (envelope.version !== VERSION)
    throw new JobSearchError(
      'INVALID_STEP_FILE',
      `${full} was written by another version: run the step "${madeBy}" again.`,
    );
  return envelope.content as T;
}

/** Writes a file completely or not at all. */
export function writeDurably(file: string, text: string | Uint8Array): void {
  const temporary = `${file}.tmp`;
  const bytes = typeof text === 'string' ? Buffer.from(text, 'utf8') : text;
  const descriptor = openSync(temporary, 'w');
  try {
    let offset = 0;
    while (offset < bytes.length) offset += writeSync(descriptor, bytes, offset);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(temporary, file);
}
