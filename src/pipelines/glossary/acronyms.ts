import type { Sentence } from './language';
import { isAcronym } from './words';

export interface Acronym {
  acronym: string;
  expansion: string;
}

/** Acronyms that readers of technical documents know. */
const WELL_KNOWN_ACRONYMS = new Set(
  `
  API URL URI HTTP HTTPS HTML CSS JSON XML YAML SQL CLI GUI UI UX ID OS CPU RAM IO DOM CSV PDF PNG JPG SVG USB
  TCP UDP IP DNS TLS SSL SSH FTP UTF ASCII ISO UTC GMT REST SDK IDE NPM MIT BSD GPL FAQ TODO OK README JS TS
  ES5 ES6 JSX TSX AM PM EU US UUID RFC CI CD PR
`
    .trim()
    .split(/\s+/),
);

export function isWellKnownAcronym(text: string): boolean {
  return WELL_KNOWN_ACRONYMS.has(text.toUpperCase());
}

/**
 * Returns acronyms with their expansions, such as "Server-Sent Events (SSE)" and "SSE (Server-Sent Events)", if the
 * letters match.
 */
export function acronymsIn(sentence: Pick<Sentence, 'text'>): Acronym[] {
  const text = sentence.text.replace(/`/g, '');
  const found: Acronym[] = [];
  for (const match of text.matchAll(/\(([^()]{2,60})\)/g)) {
    const inside = (match[1] ?? '').trim();
    const before = text.slice(0, match.index).trimEnd();
    if (isAcronym(inside)) {
      const expansion = expansionBefore(before, bare(inside));
      if (expansion) found.push({ acronym: bare(inside), expansion });
      continue;
    }
    const acronym = /(?:^|\s)([A-Z][A-Z0-9]{1,5}s?)$/.exec(before)?.[1];
    if (acronym && isAcronym(acronym) && spells(inside.split(/[\s-]+/), bare(acronym))) {
      found.push({ acronym: bare(acronym), expansion: inside });
    }
  }
  return found;
}

const bare = (acronym: string): string => acronym.replace(/s$/, '');

/** Returns the shortest run of words before the bracket whose initials match the acronym. */
function expansionBefore(before: string, acronym: string): string | null {
  const words = before.split(/\s+/);
  for (let count = 1; count <= Math.min(words.length, acronym.length + 2); count += 1) {
    const expansion = words
      .slice(-count)
      .join(' ')
      .replace(/^["'(]+|["',:]+$/g, '');
    const parts = expansion.split(/[\s-]+/);
    if (parts.length > 1 && spells(parts, acronym)) return expansion;
  }
  return null;
}

const SMALL_WORDS = new Set(['of', 'and', 'the', 'for', 'to', 'in', 'on', 'a', 'an', 'as', 'with', 'by']);

/** Returns true if the initials give the acronym, with or without the small words in between. */
function spells(words: string[], acronym: string): boolean {
  const letters = (list: string[]): string =>
    list
      .map((word) => word[0] ?? '')
      .join('')
      .toUpperCase();
  const big = words.filter((word) => !SMALL_WORDS.has(word.toLowerCase()));
  const first = words[0]?.toLowerCase() ?? '';
  return !SMALL_WORDS.has(first) && (letters(words) === acronym || letters(big) === acronym);
}
