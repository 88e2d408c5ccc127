import type { Label, Range } from './corpus';

/** The limits of a name; a longer text is a sentence. */
const NAME_WORDS = 5;
const NAME_LETTERS = 48;

/** Words that start a remark, not a definition. */
const REMARK =
  /^(note|notes|warning|tip|hint|caution|important|example|examples|default|defaults|type|types|returns?|see( also)?|usage|e\.g\.|i\.e\.|todo|info|required|optional|since|deprecated|version|source|credits?|thanks|before|after|step \d+|q|a|question|answer|yes|no|new|bad|good|wrong|right|input|output|result|values?|params?|parameters?|arguments?|options?|description|summary|tl;dr|ps|update|edit|fixed|added|changed|removed|first|second|third|finally|pros?|cons?|why|what|how|when|where|then|rules?)$/i;

/**
 * Finds "**Name**: text", "`name` - text", "[name](…) – text", "**Name:** text" and, if `plain` is true, "Name:
 * text" and "Name : text" (a definition list).
 */
export function findLabel(
  text: string,
  marked: Range[],
  plain: boolean,
  opensWithLink = false,
): Label | null {
  const byMark = markedLabel(text, marked);
  if (byMark) return { ...byMark, link: opensWithLink };
  if (!plain) return null;
  const match = /^([\p{L}\p{N}][^:`.!?;—–]{1,47}?)(?:: | : | [—–] | - )(?=\S)/u.exec(text);
  // "Insert, then publish: the request fails" contains no name.
  if (!match?.[1] || match[1].includes(',')) return null;
  return labelOf(match[1], match[0].length, 'plain');
}

/** Returns the label of a table row: its first cell. */
export function tableLabel(firstCell: string): Label | null {
  return labelOf(firstCell, 0, 'table');
}

function markedLabel(text: string, marked: Range[]): Label | null {
  // The mark must start the block; several marks in a row with commas in between are several names.
  let end = 0;
  let any = false;
  for (const [start, stop] of marked) {
    if (start < end) continue;
    if (!/^(?:\s*(?:,|\/|or|and)?\s*)$/.test(text.slice(end, start))) break;
    end = stop;
    any = true;
  }
  if (!any) return null;
  const inside = /^(.*?)\s*[:—–-]\s*$/.exec(text.slice(0, end));
  const after = /^(?:\s*\([^()]{1,30}\))?\s*(?:[:—–]|-(?=\s)|\s-\s)\s*/.exec(text.slice(end));
  if (after) return labelOf(inside?.[1] ?? text.slice(0, end), end + after[0].length, 'marked');
  // "**Name.** Text" and "**Name:** text" have the separator inside the mark.
  const within = /^(.*?)\s*[.:—–]$/.exec(text.slice(0, end));
  if (within?.[1] && /^\s+\S/.test(text.slice(end))) {
    return labelOf(within[1], end + (/^\s+/.exec(text.slice(end))?.[0].length ?? 0), 'marked');
  }
  return null;
}

function labelOf(raw: string, from: number, via: Label['via']): Label | null {
  const names = raw
    .replace(/\s*\([^()]*\)\s*$/, '')
    .split(/\s*,\s*|\s+\/\s+|\s+or\s+/)
    .map((name) => name.replace(/`/g, '').trim())
    .filter((name) => name !== '');
  const ok =
    names.length > 0 &&
    names.length <= 4 &&
    names.every(
      (name) =>
        name.length <= NAME_LETTERS &&
        name.split(/\s+/).length <= NAME_WORDS &&
        /\p{L}/u.test(name) &&
        !REMARK.test(name) &&
        !/[.!?;]$/.test(name),
    );
  return ok ? { names, from, via, code: raw.trimStart().startsWith('`'), link: false } : null;
}
