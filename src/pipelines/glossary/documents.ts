import { closeSync, fstatSync, lstatSync, openSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { GlossaryError } from './glossary.errors';

/** A document on disk. `path` is the path shown and linked, relative to the root if possible. */
export interface DocumentFile {
  path: string;
  absolutePath: string;
  bytes: number;
}

export type SkipReason = 'legal' | 'change-log' | 'for-machines' | 'too-large';

export interface SkippedDocument {
  path: string;
  reason: SkipReason;
}

export interface UnreadableDocument {
  path: string;
  /** As text for readers. */
  reason: string;
}

export interface FoundDocuments {
  files: DocumentFile[];
  /** Documents skipped by a rule, listed in the log and in the glossary. */
  skipped: SkippedDocument[];
  /** Folders that could not be opened. They make the result partial. */
  unreadable: UnreadableDocument[];
}

export interface FindOptions {
  /** The folder that shown paths are relative to: the working directory of the command. */
  root: string;
  maxFileKb: number;
  maxDocuments: number;
  /** Output folders of this pipeline, which must not feed the next glossary. */
  outputFolders: string[];
}

const EXTENSIONS = new Set(['.md', '.markdown', '.txt']);

/** Texts that come with a project but define no terms. */
const LEGAL = /^(licen[cs]e|copying|notice|third[-_ ]?party|authors|contributors|code[-_]of[-_]conduct)\b/i;
const CHRONICLE = /^(changelog|changes|history|release[-_ ]?notes)\b/i;
const MACHINE_TEXT = /^(requirements.*|robots|cmakelists|llms(-full)?)\.txt$/i;

/** The first line of every generated glossary, so that no run reads one as a document. */
export const GLOSSARY_MARKER = '<!-- jobato-glossary -->';

/**
 * Returns all documents below a folder, sorted by path. Does not follow symbolic links, which may leave the folder
 * or form a cycle. Skips `node_modules`, unless the folder itself is inside one.
 */
export function findDocuments(docs: string, options: FindOptions): FoundDocuments {
  const start = path.resolve(options.root, docs);
  const found: FoundDocuments = { files: [], skipped: [], unreadable: [] };
  const stat = statSync(start, { throwIfNoEntry: false });
  if (!stat) throw new GlossaryError('NO_DOCUMENTS', `No documents found: there is no folder ${docs}.`);

  const insideModules = start.split(path.sep).includes('node_modules');
  const outputs = new Set(options.outputFolders.map((folder) => path.resolve(options.root, folder)));
  outputs.delete(start);

  const add = (absolutePath: string): void => {
    const name = path.basename(absolutePath);
    if (!EXTENSIONS.has(path.extname(name).toLowerCase())) return;
    const shown = shownPath(absolutePath, options.root);
    // The file may be gone since the listing; reading it then reports that.
    const bytes = lstatSync(absolutePath, { throwIfNoEntry: false })?.size ?? 0;
    const reason = skipReason(name, bytes, options.maxFileKb);
    if (reason) found.skipped.push({ path: shown, reason });
    else found.files.push({ path: shown, absolutePath, bytes });
  };

  const visit = (folder: string): void => {
    let entries;
    try {
      entries = readdirSync(folder, { withFileTypes: true });
    } catch (error) {
      found.unreadable.push({ path: shownPath(folder, options.root), reason: reasonOf(error) });
      return;
    }
    entries.sort((a, b) => byCodePoint(a.name, b.name));
    for (const entry of entries) {
      const full = path.join(folder, entry.name);
      if (entry.name.startsWith('.')) continue;
      if (entry.isDirectory()) {
        if (outputs.has(full) || (entry.name === 'node_modules' && !insideModules)) continue;
        visit(full);
      } else if (entry.isFile()) {
        add(full);
      }
    }
  };

  if (stat.isDirectory()) visit(start);
  else if (stat.isFile()) add(start);

  if (found.files.length > options.maxDocuments) {
    throw new GlossaryError(
      'TOO_MANY_DOCUMENTS',
      `${docs} holds ${found.files.length} documents and the limit is ${options.maxDocuments}. ` +
        'Name a smaller folder, or raise --max-documents.',
    );
  }
  return found;
}

function skipReason(name: string, bytes: number, maxFileKb: number): SkipReason | null {
  if (LEGAL.test(name)) return 'legal';
  if (CHRONICLE.test(name)) return 'change-log';
  if (MACHINE_TEXT.test(name)) return 'for-machines';
  return bytes > maxFileKb * 1024 ? 'too-large' : null;
}

const SKIP_TEXTS: Record<SkipReason, string> = {
  legal: 'a legal text',
  'change-log': 'a change log',
  'for-machines': 'written for machines',
  'too-large': 'too large (--max-file-kb)',
};

export function skipText(reason: SkipReason): string {
  return SKIP_TEXTS[reason];
}

/** Returns a document's text, or why it has none. */
export function readDocument(
  file: DocumentFile,
): { text: string } | { unreadable: string } | { ownOutput: true } {
  let bytes: Buffer;
  let descriptor: number | undefined;
  try {
    // Opens the file before checking its type: it may have been deleted or replaced by a pipe since the listing.
    descriptor = openSync(file.absolutePath, 'r');
    if (!fstatSync(descriptor).isFile()) return { unreadable: 'no longer a plain file' };
    bytes = readFileSync(descriptor);
  } catch (error) {
    return { unreadable: reasonOf(error) };
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
  const text = decode(bytes);
  if (text === null) return { unreadable: 'binary, not text' };
  if (text.startsWith(GLOSSARY_MARKER)) return { ownOutput: true };
  return { text };
}

/** Decodes UTF-8 with any invalid bytes, or UTF-16 with a byte order mark; null for binary content. */
export function decode(bytes: Buffer): string | null {
  if (bytes.length >= 2 && bytes[0] === 0xff && bytes[1] === 0xfe) {
    return normalise(new TextDecoder('utf-16le').decode(bytes));
  }
  if (bytes.length >= 2 && bytes[0] === 0xfe && bytes[1] === 0xff) {
    return normalise(new TextDecoder('utf-16be').decode(bytes));
  }
  if (bytes.subarray(0, 8192).includes(0)) return null;
  return normalise(new TextDecoder('utf-8').decode(bytes));
}

/** Unifies line ends, so that line numbers match those of editors. Invalid bytes become blanks. */
function normalise(text: string): string {
  return text
    .replace(/^\uFEFF/, '')
    .replace(/\r\n?/g, '\n')
    .replace(/[\u200B\u00AD]/g, '')
    .replace(/[\uFFFD\u0000-\u0008\u000B\u000C\u000E-\u001F]/g, ' ');
}

/** Returns a path relative to the root with forward slashes, or an absolute path outside of it. */
function shownPath(absolutePath: string, root: string): string {
  const relative = path.relative(root, absolutePath);
  const shown = relative.startsWith('..') || path.isAbsolute(relative) ? absolutePath : relative;
  return shown.split(path.sep).join('/');
}

function reasonOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'EACCES' || code === 'EPERM') return 'no permission to read it';
  if (code === 'ENOENT') return 'it has gone';
  return code ?? String(error);
}

/** Sorts the same way on every machine, independent of its locale. */
export function byCodePoint(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
