import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { GlossaryError } from './glossary.errors';

/** Terms that users exclude or require, regardless of the ranking. */
export interface TermList {
  excluded: string[];
  required: string[];
}

export const NO_TERM_LIST: TermList = { excluded: [], required: [] };

/** Reads a term list. An unreadable or invalid list fails the step, because it could only be applied in part. */
export function readTermList(file: string): TermList {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new GlossaryError('INVALID_TERMS_FILE', `The terms file ${file} can't be read: ${String(error)}`);
  }
  try {
    return /\.(ya?ml|json)$/i.test(path.extname(file)) ? parseYamlTermList(text) : parseTextTermList(text);
  } catch (error) {
    if (error instanceof GlossaryError) throw error;
    throw new GlossaryError(
      'INVALID_TERMS_FILE',
      `The terms file ${file} is wrong: ${(error as Error).message}`,
    );
  }
}

/** Parses `excluded:` and `required:`, each a list of terms. */
export function parseYamlTermList(text: string): TermList {
  const content: unknown = parse(text);
  if (content === null || content === undefined) return { excluded: [], required: [] };
  if (typeof content !== 'object' || Array.isArray(content))
    throw new Error('it must hold "excluded:" and "required:"');
  for (const name of Object.keys(content)) {
    if (name !== 'excluded' && name !== 'required') {
      throw new Error(`it holds "${name}:", but only "excluded:" and "required:" are known`);
    }
  }
  const { excluded, required } = content as Record<string, unknown>;
  return withoutConflict({ excluded: listOf(excluded, 'excluded'), required: listOf(required, 'required') });
}

/** Parses the plain-text form: a line "excluded:" or "required:", then one term per line. `#` starts a comment. */
export function parseTextTermList(text: string): TermList {
  const list: TermList = { excluded: [], required: [] };
  let current: string[] | null = null;
  text.split(/\r?\n/).forEach((raw, index) => {
    const line = raw.replace(/(^|\s)#.*$/, '').trim();
    if (line === '') return;
    const header = /^(excluded|required):\s*(.*)$/i.exec(line);
    if (header?.[1]) {
      current = header[1].toLowerCase() === 'excluded' ? list.excluded : list.required;
      current.push(
        ...(header[2] ?? '')
          .split(',')
          .map((term) => term.trim())
          .filter(Boolean),
      );
      return;
    }
    if (!current) throw new Error(`line ${index + 1} stands before any "excluded:" or "required:"`);
    current.push(line.replace(/^[-*•]\s*/, ''));
  });
  return withoutConflict(list);
}

function listOf(value: unknown, name: string): string[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new Error(`"${name}:" must be a list`);
  return value.map((term) => {
    if (typeof term === 'number') return String(term);
    if (typeof term !== 'string' || term.trim() === '')
      throw new Error(`"${name}:" holds something that is no term`);
    return term.trim();
  });
}

function withoutConflict(list: TermList): TermList {
  const both = list.required.find((term) => list.excluded.includes(term));
  if (both !== undefined) throw new Error(`"${both}" is both excluded and required`);
  return list;
}
