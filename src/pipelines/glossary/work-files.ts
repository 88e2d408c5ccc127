import { createHash } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { GlossaryError } from './glossary.errors';

/** The intermediate files in the work folder, and the step that writes each. */
export const WORK_FILES = {
  corpus: { name: 'corpus.json', madeBy: 'extract' },
  terms: { name: 'terms.json', madeBy: 'extract' },
  provisional: { name: 'provisional.json', madeBy: 'provisional' },
  issues: { name: 'issues.json', madeBy: 'issues' },
} as const;

export type WorkFile = keyof typeof WORK_FILES;

/** Raise for any change to the format of an intermediate file, so that older files are refused and not misread. */
const VERSION = 2;

interface Envelope<T> {
  version: number;
  /** The fingerprint of the source file, so that files of different runs are never combined. */
  madeFrom: string | null;
  content: T;
}

export interface Loaded<T> {
  content: T;
  fingerprint: string;
  madeFrom: string | null;
}

/** Writes an intermediate file and returns its fingerprint. */
export function saveWork(workDir: string, file: WorkFile, content: unknown, madeFrom: string | null): string {
  const envelope: Envelope<unknown> = { version: VERSION, madeFrom, content };
  const text = `${JSON.stringify(envelope)}\n`;
  replaceFiles([{ path: path.join(workDir, WORK_FILES[file].name), text }]);
  return fingerprintOf(text);
}

export function loadWork<T>(workDir: string, file: WorkFile): Loaded<T> {
  const { name, madeBy } = WORK_FILES[file];
  const full = path.join(workDir, name);
  let text: string;
  try {
    text = readFileSync(full, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new GlossaryError('MISSING_INPUT', `${full} is missing: run the step "${madeBy}" first.`);
  }
  let envelope: Envelope<T>;
  try {
    envelope = JSON.parse(text) as Envelope<T>;
  } catch {
    throw new GlossaryError('INVALID_INPUT', `${full} is damaged: run the step "${madeBy}" again.`);
  }
  if (envelope.version !== VERSION) {
    throw new GlossaryError(
      'INVALID_INPUT',
      `${full} was written by another version: run the step "${madeBy}" again.`,
    );
  }
  return { content: envelope.content, fingerprint: fingerprintOf(text), madeFrom: envelope.madeFrom };
}

/** Throws if the file was made from a source that has been replaced since. */
export function requireMadeFrom(
  file: WorkFile,
  loaded: Loaded<unknown>,
  source: WorkFile,
  fingerprint: string,
): void {
  if (loaded.madeFrom === fingerprint) return;
  const { name, madeBy } = WORK_FILES[file];
  throw new GlossaryError(
    'STALE_INPUT',
    `${name} was made from an earlier ${WORK_FILES[source].name}: run the step "${madeBy}" again first.`,
  );
}

function fingerprintOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/**
 * Replaces files atomically. Writes and syncs all new files before the first rename, so that a failure or a stop
 * never leaves half a file. The renames follow without a pause. A SIGTERM between them is ignored, so that files
 * written together stay consistent.
 */
export function replaceFiles(files: { path: string; text: string }[]): void {
  const written: { temporary: string; path: string }[] = [];
  try {
    for (const file of files) {
      const folder = path.dirname(file.path);
      mkdirSync(folder, { recursive: true });
      removeLeftovers(file.path);
      const temporary = `${file.path}.${process.pid}.tmp`;
      written.push({ temporary, path: file.path });
      writeDurably(temporary, file.text);
    }
    const holdBack = (): void => {};
    process.on('SIGTERM', holdBack);
    try {
      for (const file of written) renameSync(file.temporary, file.path);
    } finally {
      process.off('SIGTERM', holdBack);
    }
  } catch (error) {
    for (const file of written) rmSync(file.temporary, { force: true });
    throw error;
  }
  for (const folder of new Set(files.map((file) => path.dirname(file.path)))) syncFolder(folder);
}

function writeDurably(file: string, text: string): void {
  const descriptor = openSync(file, 'w');
  try {
    const bytes = Buffer.from(text, 'utf8');
    let offset = 0;
    while (offset < bytes.length) offset += writeSync(descriptor, bytes, offset);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** A rename is durable only after its folder is synced. Some platforms cannot sync folders. */
function syncFolder(folder: string): void {
  try {
    const descriptor = openSync(folder, 'r');
    try {
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'EISDIR' && code !== 'EPERM' && code !== 'EINVAL' && code !== 'EACCES') throw error;
  }
}

/** Removes partly written files of killed processes. Skips files of processes that are alive. */
function removeLeftovers(file: string): void {
  const prefix = `${path.basename(file)}.`;
  for (const name of readdirSync(path.dirname(file))) {
    if (!name.startsWith(prefix) || !name.endsWith('.tmp')) continue;
    const pid = Number(name.slice(prefix.length, -'.tmp'.length));
    if (!Number.isInteger(pid) || isAlive(pid)) continue;
    rmSync(path.join(path.dirname(file), name), { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
