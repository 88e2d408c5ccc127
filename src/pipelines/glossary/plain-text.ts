import type { Block, Document } from './corpus';
import { findLabel } from './labels';
import { isBoilerplateHeading } from './common-words';

const UNDERLINE = /^\s*(={3,}|-{3,}|~{3,})\s*$/;
const BULLET = /^\s*(?:[-*•+]|\d{1,2}[.)])\s+/;
/** A block with a larger share of symbols is code, a drawing or a table of numbers. */
const SIGNS_SHARE = 0.3;

/** Reads plain text: blank lines end paragraphs, underlined or upper-case lines are headings, bullets are items. */
export function parsePlainText(path: string, source: string): Document {
  const lines = source.split('\n');
  const blocks: Block[] = [];
  let under: number | null = null;
  let boilerplate = false;
  let pending: { line: number; parts: string[]; item: boolean } | null = null;

  const flush = (): void => {
    if (!pending) return;
    const block = blockOf(pending, under, boilerplate);
    if (block) blocks.push(block);
    pending = null;
  };

  lines.forEach((raw, index) => {
    const line = raw.replace(/`/g, "'").trim();
    if (line === '' || UNDERLINE.test(raw)) {
      flush();
      return;
    }
    if (isHeading(raw, lines[index - 1], lines[index + 1])) {
      flush();
      const text = line.replace(/\s+/g, ' ');
      boilerplate = isBoilerplateHeading(text);
      blocks.push({ ...emptyBlock('heading', index + 1, under, boilerplate), text });
      under = blocks.length - 1;
      return;
    }
    if (BULLET.test(raw)) {
      flush();
      pending = { line: index + 1, parts: [line.replace(BULLET, '')], item: true };
      return;
    }
    pending ??= { line: index + 1, parts: [], item: false };
    pending.parts.push(line);
  });
  flush();
  return { path, blocks };
}

function isHeading(line: string, before: string | undefined, after: string | undefined): boolean {
  const text = line.trim();
  if (text.length > 70 || !/\p{L}{2}/u.test(text)) return false;
  if (after !== undefined && UNDERLINE.test(after)) return true;
  const alone = (before ?? '').trim() === '' && (after ?? '').trim() === '';
  return alone && text.length > 3 && text === text.toUpperCase() && !/[.!?,;]$/.test(text);
}

function blockOf(
  pending: { line: number; parts: string[]; item: boolean },
  under: number | null,
  boilerplate: boolean,
): Block | null {
  let text = '';
  const breaks: number[] = [];
  for (const part of pending.parts) {
    if (text !== '') {
      text += ' ';
      breaks.push(text.length);
    }
    text += part.replace(/\s+/g, ' ');
  }
  const signs = text.replace(/[\p{L}\p{N}\s.,'"()-]/gu, '').length;
  if (text === '' || signs / text.length > SIGNS_SHARE) return null;
  const block = emptyBlock(pending.item ? 'item' : 'paragraph', pending.line, under, boilerplate);
  return { ...block, text, breaks, label: findLabel(text, [], true) };
}

function emptyBlock(kind: Block['kind'], line: number, under: number | null, boilerplate: boolean): Block {
  return { kind, text: '', line, breaks: [], emphasis: [], under, label: null, boilerplate };
}
