import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { JobSearchError } from './job-search.errors';
import { parseSources, type Source } from './sources-file';

/** The recorded postings in the package. */
const SAMPLES = path.resolve(__dirname, '..', '..', '..', 'samples', 'job-search');
const MAX_FILE_BYTES = 1024 * 1024;

export interface Sources {
  /** Recordings are relative to it. */
  folder: string;
  list: Source[];
}

/** @param setting `sample`, or the path of a sources file */
export function loadSources(setting: string): Sources {
  const file = path.resolve(setting === 'sample' ? path.join(SAMPLES, 'sources.yaml') : setting);
  if (!existsSync(file))
    throw new JobSearchError('INVALID_SOURCES', `${file} is missing. It lists the boards to read.`);
  const text = readFileSync(file, 'utf8');
  if (text.length > MAX_FILE_BYTES) throw new JobSearchError('INVALID_SOURCES', `${file} is too large.`);
  return { folder: path.dirname(file), list: parseSources(text, file) };
}

/**
 * Returns the recording of a sample source: the first one until the project has a live result, then the second one.
 * The second run thus shows what is new.
 */
export function recordingOf({ recordings }: Source, folder: string, hasResult: boolean): string {
  const name = (hasResult ? recordings?.[1] : undefined) ?? recordings![0]!;
  const file = path.join(folder, name);
  if (!existsSync(file)) throw new JobSearchError('INVALID_SOURCES', `The recording ${file} is missing.`);
  return readFileSync(file, 'utf8');
}
