import { Parser } from 'htmlparser2';

const HIDDEN = new Set(['script', 'style', 'noscript', 'template', 'svg', 'head', 'iframe', 'object']);
const BLOCKS =
  /^(address|article|aside|blockquote|br|dd|div|dl|dt|footer|form|h[1-6]|header|hr|li|main|nav|ol|p|pre|section|table|td|th|tr|ul)$/;

/** Elements that hold what a page is about, without its navigation. */
const MAIN = new Set(['main', 'article']);
/** The time of the parser grows with the square of the depth. What is nested deeper is not read, nor what follows. */
const MAX_DEPTH = 1000;

/** Returns the visible text of HTML, with one line for each block. Broken HTML is read as far as possible. */
export function htmlToText(html: string): string {
  return textsOf(html).all;
}

/** Returns the text of the main part of a page, and all its text if it marks none. */
export function mainTextOf(html: string): string {
  const { main, all } = textsOf(html);
  return main === '' ? all : main;
}

function textsOf(html: string): { all: string; main: string } {
  const all: string[] = [];
  const main: string[] = [];
  let hidden = 0;
  let inMain = 0;
  let depth = 0;
  const add = (text: string): void => {
    all.push(text);
    if (inMain > 0) main.push(text);
  };
  const parser = new Parser({
    onopentagname(name) {
      if (++depth > MAX_DEPTH) parser.pause();
      if (HIDDEN.has(name)) hidden++;
      if (MAIN.has(name)) inMain++;
      if (BLOCKS.test(name)) add('\n');
    },
    ontext(text) {
      if (hidden === 0) add(text);
    },
    onclosetag(name) {
      depth--;
      if (BLOCKS.test(name)) add('\n');
      if (HIDDEN.has(name)) hidden = Math.max(0, hidden - 1);
      if (MAIN.has(name)) inMain = Math.max(0, inMain - 1);
    },
  });
  parser.write(html);
  if (depth <= MAX_DEPTH) parser.end();
  return { all: tidied(all), main: tidied(main) };
}

function tidied(parts: string[]): string {
  return parts
    .join('')
    .split('\n')
    .map((line) => line.replace(/[\s\p{Cc}]+/gu, ' ').trim())
    .filter((line) => line !== '')
    .join('\n');
}
