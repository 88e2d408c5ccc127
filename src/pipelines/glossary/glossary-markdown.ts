import path from 'node:path';
import { GLOSSARY_MARKER } from './documents';
import type { Glossary, GlossaryTerm, OpenIssue, Place } from './glossary';
import { slug } from './words';

const MOST_PLACES = 5;

/** The location of a copy of the glossary, and the base of the document paths in it. */
export interface Setting {
  /** The folder of the glossary.md that is being written. */
  folder: string;
  /** The folder that document paths are relative to. */
  root: string;
}

/**
 * Returns the glossary as a Markdown page.
 *
 * Links are relative to the folder of this copy, so that they work in an editor and on a code host, wherever the
 * checkout is. Both accept `#L12` for line 12. The text of a link names the document and the line, so that it helps
 * even without the documents.
 */
export function glossaryMarkdown(glossary: Glossary, setting: Setting): string {
  const anchors = new Map(glossary.terms.map((term) => [term.term, term.anchor]));
  const parts = [
    `${GLOSSARY_MARKER}\n# ${escaped(glossary.title)}`,
    introduction(glossary),
    index(glossary.terms),
    ...letters(glossary.terms).map(([letter, terms]) =>
      [`## ${letter}`, ...terms.map((term) => entry(term, anchors, setting))].join('\n\n'),
    ),
    undefinedTerms(glossary, setting),
    missingTerms(glossary),
    holes(glossary),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function introduction(glossary: Glossary): string {
  const { terms, documents, openIssuesCount } = glossary;
  const counted = `${count(terms.length, 'term')} out of ${count(documents.count, 'document')} in ${code(documents.folder)}.`;
  const issues =
    openIssuesCount === 0
      ? 'No issue is open.'
      : `${count(openIssuesCount, 'issue')} ${openIssuesCount === 1 ? 'is' : 'are'} open, each noted with its term.`;
  return (
    `${counted} Every definition is a sentence of the documents themselves; its confidence says how outright ` +
    `that sentence defines the term. ${issues}`
  );
}

/** Links only letters that have entries. */
function index(terms: GlossaryTerm[]): string {
  if (terms.length === 0) return '';
  return letters(terms)
    .map(([letter, under]) => {
      const links = under.map((term) => `[${escaped(term.term)}](#${term.anchor})`);
      return `**[${letter}](#${letterAnchor(letter)})** ${links.join(' · ')}`;
    })
    .join('  \n');
}

/**
 * Returns the anchor that Markdown viewers give the heading "## A", or "## 0–9" for names without an initial
 * letter.
 */
function letterAnchor(letter: string): string {
  return letter === '0–9' ? '09' : letter.toLowerCase();
}

function letters(terms: GlossaryTerm[]): [string, GlossaryTerm[]][] {
  const groups = new Map<string, GlossaryTerm[]>();
  for (const term of terms) {
    const first = slug(term.term)[0]?.toUpperCase() ?? '';
    const letter = /\p{L}/u.test(first) ? first : '0–9';
    groups.set(letter, [...(groups.get(letter) ?? []), term]);
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
}

function entry(term: GlossaryTerm, anchors: Map<string, string>, setting: Setting): string {
  // An explicit anchor, because viewers disagree on headings with dots or slashes.
  const lines = [`### <a id="${term.anchor}"></a>${escaped(term.term)}`, prose(term.definition)];
  for (const other of term.alsoDefinedAs) {
    lines.push(`Elsewhere: ${prose(other.definition)} (${link(other.source, setting)})`);
  }
  const source = term.sources.map((place) => link(place, setting)).join(' and ');
  const facts = [
    `Confidence: ${term.confidenceInWords} (${term.confidence.toFixed(2)}), ${how(term)} in ${source}`,
  ];
  if (term.alsoCalled.length > 0) facts.push(`Also called: ${term.alsoCalled.map(escaped).join(', ')}`);
  if (term.seeAlso.length > 0) {
    facts.push(
      `See also: ${term.seeAlso.map((name) => `[${escaped(name)}](#${anchors.get(name) ?? ''})`).join(', ')}`,
    );
  }
  facts.push(`Seen in: ${places(term, setting)}`);
  for (const issue of term.openIssues) facts.push(issueLine(issue));
  lines.push(facts.map((fact) => `- ${fact}`).join('\n'));
  return lines.join('\n\n');
}

const HOW: Record<GlossaryTerm['definedBy'], string> = {
  label: 'explained by name',
  copula: 'defined outright',
  means: 'defined outright',
  called: 'named in passing',
  apposition: 'explained in passing',
  heading: 'what its own section opens with',
  expansion: 'spelled out',
  subject: 'what is said about it',
  mention: 'mentioned',
};

function how(term: GlossaryTerm): string {
  return HOW[term.definedBy];
}

function places(
  term: { occurrences: Place[]; occurrencesCount: number; documentsCount: number },
  setting: Setting,
): string {
  const shown = term.occurrences.slice(0, MOST_PLACES);
  const byDocument = new Map<string, Place[]>();
  for (const place of shown) {
    byDocument.set(place.document, [...(byDocument.get(place.document) ?? []), place]);
  }
  // A document is named once; further places in it are line numbers only.
  const links = [...byDocument.values()]
    .map((list) => [...list].sort((a, b) => a.line - b.line))
    .flatMap((list) => list.map((place, position) => link(place, setting, position > 0)));
  const rest = term.occurrencesCount - shown.length;
  if (rest <= 0) return links.join(', ');
  const where = term.documentsCount === 1 ? 'in one document' : `in ${term.documentsCount} documents`;
  return `${links.join(', ')}, … (${term.occurrencesCount} times ${where})`;
}

function issueLine(issue: OpenIssue): string {
  return `Open (${issue.severity}): ${prose(issue.explanation)} ${prose(issue.suggestion)}`;
}

function undefinedTerms(glossary: Glossary, setting: Setting): string {
  if (glossary.undefinedTerms.length === 0) return '';
  const rows = glossary.undefinedTerms.map((term) => {
    const others = term.openIssues.filter((issue) => issue.kind !== 'no-definition');
    const note = others.map((issue) => ` ${prose(issue.explanation)}`).join('');
    return `- **${escaped(term.term)}**: ${places(term, setting)}.${note}`;
  });
  return (
    '## Used but not defined\n\nThe documents use these and never say what they are. One sentence in the right ' +
    `place, and they move up into the glossary.\n\n${rows.join('\n')}`
  );
}

function missingTerms(glossary: Glossary): string {
  if (glossary.missingTerms.length === 0) return '';
  const rows = glossary.missingTerms.map((term) => `- **${escaped(term)}**`);
  return `## Required but missing\n\nNo document uses these.\n\n${rows.join('\n')}`;
}

/** Lists the documents that were not read, so that readers see the gaps. */
function holes(glossary: Glossary): string {
  const { unreadable, skipped } = glossary.documents;
  const tooLarge = skipped.filter(({ code: why }) => why === 'too-large');
  const rows = [...unreadable, ...tooLarge].map(
    ({ document, reason }) => `- ${code(document)}: ${escaped(reason)}`,
  );
  return rows.length === 0 ? '' : `## Documents not read\n\n${rows.join('\n')}`;
}

function link(place: Place, setting: Setting, short = false): string {
  const absolute = path.resolve(setting.root, place.document);
  const relative = path.relative(setting.folder, absolute).split(path.sep).join('/');
  // Blanks and brackets would end the link early.
  const target = relative
    .split('/')
    .map((part) => encodeURIComponent(part).replace(/[()]/g, (sign) => (sign === '(' ? '%28' : '%29')))
    .join('/')
    .replace(/%40/g, '@');
  const label = short ? `${place.line}` : `${escaped(place.document)}:${place.line}`;
  return `[${label}](${target}#L${place.line})`;
}

/** Escapes text from the documents, except for its code. */
function prose(text: string): string {
  return text
    .split(/(`[^`]*`)/)
    .map((piece, position) => (position % 2 === 1 ? piece : escaped(piece)))
    .join('');
}

/** Escapes only characters that Markdown would interpret as markup, so that the text stays readable. */
function escaped(text: string): string {
  return text
    .replace(/[\\`*[\]<>|]/g, '\\$&')
    .replace(/(^|[^\p{L}\p{N}])_|_(?=[^\p{L}\p{N}]|$)/gu, (match) => match.replace('_', '\\_'))
    .replace(/^(#{1,6}|[-+]|\d+[.)])(?=\s)/, '\\$1');
}

function code(text: string): string {
  return `\`${text.replace(/`/g, "'")}\``;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
