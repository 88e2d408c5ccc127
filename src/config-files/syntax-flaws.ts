import { Lexer, type LineCounter, type YAMLError } from 'yaml';
import type { Flaw } from './file-problem';

const QUOTES = ['"', "'"];
const CLOSING: Record<string, string> = { '[': ']', '{': '}' };
/** Lexemes that stand for no text: the start of a document, the end of a flow collection, the start of a scalar. */
const WITHOUT_TEXT = ['\u0002', '\u0018', '\u001f'];

interface Opening {
  mark: string;
  offset: number;
}

/** Returns the errors of YAML. An opening mark that is never closed is reported in its own line, not at the end of the file. */
export function syntaxFlaws(errors: YAMLError[], source: string, lines: LineCounter): Flaw[] {
  const end = source.trimEnd().length;
  const lineAt = (offset: number) => lines.linePos(offset).line;
  return errors.map((error) => {
    const opening = error.pos[0] >= end ? unclosed(source) : null;
    return opening === null
      ? { line: lineAt(Math.min(error.pos[0], Math.max(0, end - 1))), reason: reasonOf(error) }
      : { line: lineAt(opening.offset), reason: unclosedReason(opening) };
  });
}

function unclosedReason({ mark }: Opening): string {
  return QUOTES.includes(mark)
    ? `this quote is never closed. Add a ${mark} at the end of the text`
    : `this "${mark}" is never closed. Add a "${CLOSING[mark]}" at the end of the list or mapping`;
}

function reasonOf({ code, message }: YAMLError): string {
  return code === 'MULTIPLE_DOCS'
    ? 'the file contains more than one YAML document, separated by "---". Put each document into its own file'
    : message;
}

/** Returns the last quote or bracket that has no end. */
function unclosed(source: string): Opening | null {
  const open: Opening[] = [];
  let offset = 0;
  let isPlain = false;
  for (const lexeme of new Lexer().lex(source)) {
    const mark = lexeme[0]!;
    if (!isPlain && QUOTES.includes(mark) && (lexeme.length === 1 || !lexeme.endsWith(mark)))
      return { mark, offset };
    if (!isPlain && lexeme in CLOSING) open.push({ mark, offset });
    if (Object.values(CLOSING).includes(lexeme)) open.pop();
    isPlain = lexeme === '\u001f';
    if (!WITHOUT_TEXT.includes(lexeme)) offset += lexeme.length;
  }
  return open.at(-1) ?? null;
}
