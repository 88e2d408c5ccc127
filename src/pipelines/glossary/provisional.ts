import { acronymsIn } from './acronyms';
import { matches, type Match } from './candidates';
import type { Block, Corpus } from './corpus';
import {
  byTrust,
  definitionFrom,
  definitionFromExpansion,
  definitionFromHeading,
  definitionFromLabel,
  type DefinedWord,
  type Definition,
} from './definitions';
import { casingOf, type Terms } from './extract';
import { sentencesOfBlock, type Sentence } from './language';
import type { Report } from './report';
import type { Settings } from './settings';
import type { RankedTerm } from './termhood';
import { loadWork, requireMadeFrom, saveWork } from './work-files';
import { termKey } from './words';

export interface Occurrence {
  document: string;
  line: number;
  /** The sentence around it, shortened if long. */
  context: string;
}

/** A term with the best definition in the documents, the alternatives, and its occurrences. */
export interface DefinedTerm extends RankedTerm {
  definition: Definition | null;
  alternatives: Definition[];
  occurrences: Occurrence[];
}

export interface Provisional {
  terms: DefinedTerm[];
}

const MOST_ALTERNATIVES = 5;
const MOST_OCCURRENCES = 20;
const CONTEXT_LENGTH = 200;

/** Step 2: gives every term one definition from the documents' own sentences. */
export function provisional(settings: Settings, report: Report): void {
  const corpus = loadWork<Corpus>(settings.work, 'corpus');
  const terms = loadWork<Terms>(settings.work, 'terms');
  requireMadeFrom('terms', terms, 'corpus', corpus.fingerprint);

  const found = collect(corpus.content, terms.content.terms);
  const defined = terms.content.terms.map((term, index): DefinedTerm => {
    const definitions = best(found.get(term.key)?.definitions ?? []);
    const result = {
      ...term,
      definition: definitions[0] ?? null,
      alternatives: definitions.slice(1, 1 + MOST_ALTERNATIVES),
      occurrences: spreadOver(found.get(term.key)?.occurrences ?? []),
    };
    report.progress(index + 1, terms.content.terms.length, `Defined ${term.term}`);
    return result;
  });
  saveWork(settings.work, 'provisional', { terms: defined } satisfies Provisional, terms.fingerprint);
  const without = defined.filter((term) => term.definition === null).length;
  report.metrics({ termsCount: defined.length });
  report.say(
    `Definitions written: ${defined.length - without}. Terms that the documents never define: ${without}.`,
  );
}

interface Finds {
  term: DefinedWord;
  definitions: Definition[];
  occurrences: Occurrence[];
}

/** Collects definitions and occurrences of all terms in one pass over the sentences. */
export function collect(corpus: Corpus, terms: DefinedWord[]): Map<string, Finds> {
  const casing = casingOf(corpus);
  const found = new Map<string, Finds>(
    terms.map((term) => [term.key, { term, definitions: [], occurrences: [] }]),
  );
  for (const document of corpus.documents) {
    let heading: Block | null = null;
    for (const block of document.blocks) {
      if (block.boilerplate) continue;
      const sentences = sentencesOfBlock(document.path, block, casing);
      const opening = sentences[0];
      if (!opening) continue;
      if (block.kind === 'heading') {
        heading = block;
      } else if (heading) {
        // Only the first sentence below a heading describes the heading.
        const finds = found.get(headingSubject(heading.text));
        const definition = finds ? definitionFromHeading(opening, heading, finds.term, sentences[1]) : null;
        if (finds && definition) finds.definitions.push(definition);
        heading = null;
      }
      for (const name of block.label?.names ?? []) {
        const finds = found.get(termKey(name));
        const definition = finds ? definitionFromLabel(sentences, finds.term) : null;
        if (finds && definition) finds.definitions.push(definition);
      }
      sentences.forEach((sentence, index) => takeSentence(sentence, sentences[index + 1], found));
    }
  }
  return found;
}

function takeSentence(sentence: Sentence, next: Sentence | undefined, found: Map<string, Finds>): void {
  const all = matches(sentence, (key) => found.has(key));
  for (const match of all) {
    const finds = found.get(match.key);
    if (!finds) continue;
    finds.occurrences.push({
      document: sentence.document,
      line: sentence.line,
      context: contextOf(sentence, match),
    });
    // "An event stream is …" defines the event stream, not the event or the stream.
    if (all.some((other) => other !== match && other.first <= match.first && other.last >= match.last))
      continue;
    const definition = definitionFrom(sentence, match, next, finds.term);
    if (definition) finds.definitions.push(definition);
  }
  for (const { acronym, expansion } of acronymsIn(sentence)) {
    found
      .get(termKey(acronym))
      ?.definitions.push(definitionFromExpansion(expansion, sentence.document, sentence.line));
  }
}

/** Returns the key of the subject: "What is a lease?", "The lease" and "Leases" are all about leases. */
function headingSubject(heading: string): string {
  return termKey(
    heading
      .replace(/^what (is|are) /i, '')
      .replace(/^(an?|the|about) /i, '')
      .replace(/[?:.]$/, ''),
  );
}

/** Removes duplicate texts, best first. The same sentence in two documents is one definition. */
export function best(definitions: Definition[]): Definition[] {
  const texts = new Set<string>();
  return [...definitions].sort(byTrust).filter((definition) => {
    if (texts.has(definition.text)) return false;
    texts.add(definition.text);
    return true;
  });
}

/** Picks a few occurrences from every document instead of 20 from the first. */
function spreadOver(occurrences: Occurrence[]): Occurrence[] {
  const byDocument = new Map<string, Occurrence[]>();
  const seen = new Set<string>();
  for (const occurrence of occurrences) {
    const place = `${occurrence.document}:${occurrence.line}`;
    if (seen.has(place)) continue;
    seen.add(place);
    byDocument.set(occurrence.document, [...(byDocument.get(occurrence.document) ?? []), occurrence]);
  }
  const picked: Occurrence[] = [];
  for (let round = 0; picked.length < MOST_OCCURRENCES; round += 1) {
    const turn = [...byDocument.values()].map((list) => list[round]).filter((one) => one !== undefined);
    if (turn.length === 0) break;
    picked.push(...turn.slice(0, MOST_OCCURRENCES - picked.length));
  }
  return picked;
}

function contextOf(sentence: Sentence, match: Match): string {
  const text = sentence.text.trim();
  if (text.length <= CONTEXT_LENGTH) return text;
  const middle = sentence.tokens[match.first]?.start ?? 0;
  let from = Math.max(0, Math.min(middle - CONTEXT_LENGTH / 2, text.length - CONTEXT_LENGTH));
  let to = from + CONTEXT_LENGTH;
  if (from > 0) from = text.indexOf(' ', from) + 1 || from;
  if (to < text.length) to = text.lastIndexOf(' ', to);
  return `${from > 0 ? '… ' : ''}${text.slice(from, to)}${to < text.length ? ' …' : ''}`;
}
