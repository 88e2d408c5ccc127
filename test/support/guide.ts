import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A YAML block of a document, with the text from there to the next one. */
export interface GuideBlock {
  line: number;
  yaml: string;
  /** The block of plain text that follows: a log, or the problems of the file. Null if there is none. */
  text: string | null;
  prose: string;
}

const FENCE = /^```(\w+)\n([\s\S]*?)^```$/gm;

export function readGuide(name: string): string {
  return readFileSync(join(__dirname, '..', '..', 'docs', name), 'utf8');
}

/** Returns the YAML blocks of a Markdown document in their order. */
export function yamlBlocks(document: string): GuideBlock[] {
  const fences = [...document.matchAll(FENCE)].map((match) => ({
    language: match[1]!,
    body: match[2]!,
    start: match.index,
    end: match.index + match[0].length,
  }));
  const yaml = fences.filter(({ language }) => language === 'yaml');
  return yaml.map(({ body, start, end }, index) => {
    const next = yaml[index + 1]?.start ?? document.length;
    const text = fences.find((fence) => fence.language === 'text' && fence.start > end && fence.start < next);
    return {
      line: document.slice(0, start).split('\n').length,
      yaml: body,
      text: text?.body ?? null,
      prose: document.slice(end, next).replace(/\s+/g, ' '),
    };
  });
}

/** Returns the anchors of the headings, as GitHub makes them. */
export function anchorsOf(document: string): string[] {
  return [...document.replace(FENCE, '').matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}
