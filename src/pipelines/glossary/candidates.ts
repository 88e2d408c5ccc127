import { isGenericModifier } from './common-words';
import type { Casing, Sentence, Token } from './language';
import { acronymsIn } from './acronyms';
import { definesAt } from './defining';
import { isIdentifier, termKey } from './words';

/** A phrase that may be a term, with all evidence for and against it. */
export interface Candidate {
  key: string;
  /** The frequency of each spelling in running text, weighted. */
  spellings: Map<string, number>;
  frequency: number;
  /** The frequency in each document. */
  documents: Map<string, number>;
  /** Occurrences within each longer candidate: "event" within "event stream". */
  nestedIn: Map<string, number>;
  /** Headings that consist of the term only; `inHeadings` counts those that contain it. */
  headings: number;
  inHeadings: number;
  emphasised: number;
  inCode: number;
  /** Occurrences outside of code in which the last word is a noun. */
  asNoun: number;
  /** Sentences that define it ("X is a …") and labels, weighted. */
  defined: number;
  /** Explanations of an option or a function with that name: "`limit`: …". */
  codeLabels: number;
  expansions: Set<string>;
}

const LONGEST_TERM = 4;

/** Finds the noun phrases of the documents and counts them. */
export function findCandidates(
  sentences: Sentence[],
  casing: Casing,
  alwaysCount: string[],
): Map<string, Candidate> {
  const keys = new Set<string>(alwaysCount.map(termKey));
  for (const sentence of sentences) for (const key of phraseKeys(sentence)) keys.add(key);

  const candidates = new Map<string, Candidate>();
  const at = (key: string): Candidate => {
    let candidate = candidates.get(key);
    if (!candidate) {
      candidate = {
        key,
        spellings: new Map(),
        frequency: 0,
        documents: new Map(),
        nestedIn: new Map(),
        headings: 0,
        inHeadings: 0,
        emphasised: 0,
        inCode: 0,
        asNoun: 0,
        defined: 0,
        codeLabels: 0,
        expansions: new Set(),
      };
      candidates.set(key, candidate);
    }
    return candidate;
  };

  for (const sentence of sentences) {
    const found = matches(sentence, (key) => keys.has(key));
    for (const match of found) {
      const candidate = at(match.key);
      candidate.frequency += 1;
      increase(candidate.documents, sentence.document);
      const heading = sentence.block.kind === 'heading';
      const first = match.first === 0 && casing.isUsuallySmall(sentence.tokens[0]?.text ?? '');
      // A heading or the start of a sentence is weak evidence for the spelling.
      const weight = heading ? 0.1 : first ? 0.5 : 1;
      const spelling = spellingOf(sentence, match, first);
      candidate.spellings.set(spelling, (candidate.spellings.get(spelling) ?? 0) + weight);
      if (sentence.tokens[match.first]?.code) candidate.inCode += 1;
      if (heading) candidate.inHeadings += 1;
      if (heading && termKey(sentence.text) === match.key) candidate.headings += 1;
      if (isEmphasised(sentence, match)) candidate.emphasised += 1;
      const tail = sentence.tokens[match.last];
      if (!tail?.code && definesAt(sentence, match.first, match.last) !== null) candidate.defined += 1;
      if (tail && !tail.code && (tail.pos === 'NOUN' || tail.pos === 'PROPN')) candidate.asNoun += 1;
    }
    for (const inner of found) {
      const outer = found.filter(
        (one) => one !== inner && one.first <= inner.first && one.last >= inner.last,
      );
      for (const longer of outer) increase(at(inner.key).nestedIn, longer.key);
    }
    // Once per block. A table's first cell, which holds the name, was already counted as a separate sentence.
    const label = sentence.index === 0 ? sentence.block.label : null;
    for (const name of label?.names ?? []) {
      const known = candidates.get(termKey(name));
      if (known && label?.code) known.codeLabels += 1;
      // A list of links describes its targets, which may be pages rather than things.
      else if (known) known.defined += label?.link ? 0.4 : 0.8;
    }
    for (const { acronym, expansion } of acronymsIn(sentence)) at(termKey(acronym)).expansions.add(expansion);
  }
  for (const [key, candidate] of candidates) if (candidate.frequency === 0) candidates.delete(key);
  return candidates;
}

export interface Match {
  key: string;
  /** Token indexes in the sentence, both inclusive. */
  first: number;
  last: number;
}

/** Returns all matches of known keys, including nested ones. A match has at most five tokens. */
export function matches(sentence: Sentence, isKnown: (key: string) => boolean): Match[] {
  const { tokens } = sentence;
  const found: Match[] = [];
  for (let first = 0; first < tokens.length; first += 1) {
    let key = '';
    for (let last = first; last < tokens.length && last < first + LONGEST_TERM + 1; last += 1) {
      const token = tokens[last];
      if (!token || token.key === '' || token.pos === 'PUNCT') break;
      if (last > first && token.code !== tokens[first]?.code) break;
      key = key === '' ? token.key : `${key} ${token.key}`;
      if (!isKnown(key)) continue;
      // In "We run it", "run" is a verb; a single word must be a noun to be a term.
      if (first === last && !token.code && token.pos !== 'NOUN' && token.pos !== 'PROPN') continue;
      found.push({ key, first, last });
    }
  }
  return found;
}

function phraseKeys(sentence: Sentence): Set<string> {
  const keys = new Set<string>();
  let run: Token[] = [];
  const flush = (): void => {
    for (const key of subPhrases(run)) keys.add(key);
    run = [];
  };
  sentence.tokens.forEach((token, index) => {
    if (token.code !== (run[0]?.code ?? token.code)) flush();
    if (isPhrasePart(token, sentence.tokens[index - 1], sentence.tokens[index + 1])) run.push(token);
    else flush();
  });
  flush();
  return keys;
}

function isPhrasePart(token: Token, before: Token | undefined, after: Token | undefined): boolean {
  if (token.code) return isTermLike(token.text);
  if (!/\p{L}/u.test(token.text) || /^\p{N}/u.test(token.text)) return false;
  // Abbreviated possessives and unpaired quotes are not words.
  if (/^['’]|['’]$/.test(token.text) || token.key === '') return false;
  if (token.pos === 'NOUN' || token.pos === 'PROPN' || token.pos === 'ADJ') return true;
  // "compiled schema", "running step": a participle in the place of an adjective.
  return (
    token.pos === 'VERB' &&
    /(?:ed|ing)$/.test(token.text) &&
    (after?.pos === 'NOUN' || after?.pos === 'PROPN') &&
    (before === undefined || /^(DET|ADP|ADJ|CCONJ)$/.test(before.pos))
  );
}

/** Returns every part of a phrase that could be a term: it ends in a noun and is not generic. */
function subPhrases(run: Token[]): string[] {
  const keys: string[] = [];
  for (let first = 0; first < run.length; first += 1) {
    for (let last = first; last < run.length; last += 1) {
      const part = run.slice(first, last + 1);
      const key = part.map((token) => token.key).join(' ');
      if (key.split(' ').length > LONGEST_TERM) break;
      const head = part.at(-1);
      if (!head || (head.pos !== 'NOUN' && head.pos !== 'PROPN' && !head.code)) continue;
      if (isTermKey(key)) keys.push(key);
    }
  }
  return keys;
}

/** Rejects terms that begin with "first" or "other", and those framed by "example" or "kind". */
export function isTermKey(key: string): boolean {
  const words = key.split(' ');
  const first = words[0] ?? '';
  const last = words.at(-1) ?? '';
  if (isGenericModifier(first) || isGenericModifier(last)) return false;
  if (words.length > 1 && (FRAME_NOUNS.has(last) || FRAME_NOUNS.has(first))) return false;
  if (words.some((word) => /^\p{N}/u.test(word) || word.length === 0)) return false;
  if (words.length === 1 && last.length < 2) return false;
  return true;
}

/** Words that frame a thing but are not part of its name: "pipeline example", "kind of stream". */
const FRAME_NOUNS = new Set(
  (
    'thing way example case kind sort lot bit following section note point fact reason problem question idea people ' +
    'person someone one other purpose goal difference detail information overview introduction summary part rest ' +
    'couple variety number amount time day week month year something anything everything nothing documentation docs ' +
    'readme tutorial guide e.g i.e etc thanks github npm'
  ).split(' '),
);

/** Returns true for code that is a word or a name, and false for an expression. */
function isTermLike(text: string): boolean {
  return /^[\p{L}][\p{L}\p{N}_.-]{1,40}$/u.test(text) &&
    !/[.](?:js|ts|json|md|ya?ml|html|css|mjs|cjs|log|txt|sh)$/i.test(text)
    ? !/\.\p{L}+\./u.test(text)
    : /^@[\w-]+\/[\w.-]+$/.test(text);
}

function spellingOf(sentence: Sentence, match: Match, firstIsSmall: boolean): string {
  const start = sentence.tokens[match.first]?.start ?? 0;
  const end = sentence.tokens[match.last]?.end ?? 0;
  const text = sentence.text.slice(start, end).replace(/`/g, '');
  if (firstIsSmall && !isIdentifier(text) && /^\p{Lu}\p{Ll}/u.test(text))
    return text[0]?.toLowerCase() + text.slice(1);
  return text;
}

function isEmphasised(sentence: Sentence, match: Match): boolean {
  const start = sentence.offset + (sentence.tokens[match.first]?.start ?? 0);
  const end = sentence.offset + (sentence.tokens[match.last]?.end ?? 0);
  // A tolerance of two characters: authors often include quotes and colons in the emphasis.
  return sentence.block.emphasis.some(([from, to]) => Math.abs(from - start) <= 2 && Math.abs(to - end) <= 2);
}

function increase(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
