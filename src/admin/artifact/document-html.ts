import { Parser } from 'htmlparser2';

/** What the preview of a document shows of its HTML. */
export type HtmlPart = { type: 'text'; text: string } | { type: 'anchor'; id: string } | { type: 'break' };

/**
 * Returns the parts of a piece of HTML: the places that links can lead to (`<a id="x"></a>`), and line breaks. Comments
 * are left out. Everything else stays the text that the document has.
 */
export function htmlParts(source: string): HtmlPart[] {
  const parts: HtmlPart[] = [];
  const known: boolean[] = [];
  let end = 0;
  const replace = (part: HtmlPart | null) => {
    const text = source.slice(end, parser.startIndex);
    if (text !== '') parts.push({ type: 'text', text });
    if (part !== null) parts.push(part);
    end = parser.endIndex + 1;
  };
  const parser = new Parser({
    onopentag(name, attributes) {
      const id =
        name === 'a' && attributes.href === undefined ? (attributes.id ?? attributes.name) : undefined;
      if (name === 'a') known.push(id !== undefined);
      if (id !== undefined) replace({ type: 'anchor', id });
      else if (name === 'br') replace({ type: 'break' });
    },
    onclosetag(name, isImplied) {
      if (name === 'a' && known.pop() === true && !isImplied) replace(null);
    },
    oncomment() {
      // A CDATA section is reported as a comment, too.
      if (source.startsWith('<!--', parser.startIndex)) replace(null);
    },
  });
  parser.end(source);
  if (end < source.length) parts.push({ type: 'text', text: source.slice(end) });
  return parts;
}
