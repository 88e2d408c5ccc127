import type { Candidate } from './candidates';
import { isEverydayComputing, isGenericNoun, isWellKnownAcronym, perMillionInSpeech } from './common-words';
import { byCodePoint } from './documents';
import { isIdentifier, termKey } from './words';

export interface RankedTerm {
  key: string;
  term: string;
  alsoWritten: string[];
  score: number;
  frequency: number;
  documentsCount: number;
  expansions: string[];
  required: boolean;
  /** The documents write it as code: an option or a function, not a word. */
  code: boolean;
  /** Every word of it is an everyday word: it is in because the documents seem to define it. */
  everyday: boolean;
}

export interface RankingOptions {
  maxTerms: number;
  minOccurrences: number;
  minScore: number;
  excluded: string[];
  required: string[];
}

/** How many words of running text the candidates were counted in, and in how many documents. */
export interface CorpusSize {
  words: number;
  documents: number;
  /** How often each single word stands in the documents. */
  wordCounts: Map<string, number>;
}

/** The best candidates, best first; the required ones are always among them. */
export function rankTerms(
  candidates: Map<string, Candidate>,
  size: CorpusSize,
  options: RankingOptions,
): RankedTerm[] {
  const excluded = new Set(options.excluded.map(termKey));
  const required = new Map(options.required.map((term) => [termKey(term), term]));
  const ranked: RankedTerm[] = [];
  for (const candidate of candidates.values()) {
    if (excluded.has(candidate.key)) continue;
    const asked = required.get(candidate.key);
    const score = termhood(candidate, candidates, size, options.minOccurrences);
    if (asked === undefined && score < options.minScore) continue;
    ranked.push(rankedTerm(candidate, score, asked));
  }
  for (const [key, term] of required) {
    if (candidates.has(key)) continue;
    ranked.push({
      key,
      term,
      alsoWritten: [],
      score: 0,
      frequency: 0,
      documentsCount: 0,
      expansions: [],
      required: true,
      code: false,
      everyday: false,
    });
  }
  ranked.sort(
    (a, b) => Number(b.required) - Number(a.required) || b.score - a.score || byCodePoint(a.key, b.key),
  );
  const kept = Math.max(options.maxTerms, ranked.filter((term) => term.required).length);
  return ranked.slice(0, kept);
}

/**
 * How much a phrase looks like a term of these documents, 0 for not at all.
 *
 * The base is the C-value (Frantzi and Ananiadou): how often a phrase stands by itself, not as a part of
 * longer ones, and longer phrases weigh more. It is raised by how much rarer the words are in everyday speech,
 * by coming up again and again within a document (a topic) rather than once in each (a habit of writing), by
 * being spread over documents, and by what authors do with their terms: give them headings, emphasise them,
 * spell out acronyms, and above all say what they mean.
 */
export function termhood(
  candidate: Candidate,
  candidates: Map<string, Candidate>,
  size: CorpusSize,
  minOccurrences: number,
): number {
  const words = candidate.key.split(' ');
  const alone = standsAlone(candidate, candidates, minOccurrences);
  const marked = candidate.defined >= 0.5 || candidate.headings > 0 || candidate.expansions.size > 0;
  // What no author has marked as a term must show by its number that it is one.
  if (
    !marked &&
    (alone < minOccurrences + 1 || (words.length === 1 && candidate.asNoun < minOccurrences + 1))
  )
    return 0;
  if (alone < minOccurrences && !(marked && candidate.frequency >= minOccurrences)) return 0;
  if (words.length === 1 && candidate.defined < 0.5 && candidate.expansions.size === 0) {
    if (isEverydayComputing(candidate.key) || isWellKnownAcronym(candidate.key)) return 0;
  }
  // "**project**: a thing that is run": what authors take the trouble to mark and to explain, they mean.
  const isGeneric = words.length === 1 && isGenericNoun(candidate.key);
  if (isGeneric && (candidate.defined < 0.5 || candidate.headings + candidate.emphasised === 0)) return 0;

  const spelling = mainSpelling(candidate);
  const onlyCode = isMostlyCode(candidate);
  // A word that is mostly no noun outside of code ("checks", "custom") got in by a slip of the tagger.
  if (!onlyCode && candidate.asNoun < (candidate.frequency - candidate.inCode) * 0.6) return 0;
  // Names out of code are terms only where the text talks about them.
  const isName = isIdentifier(spelling) && !/\.js$/i.test(spelling);
  if (isName && candidate.defined < 0.5 && (candidate.codeLabels === 0 || candidate.frequency < 4)) return 0;
  // Of a heading that the text below never takes up again there is nothing to explain.
  if (candidate.defined < 0.5 && candidate.frequency - candidate.inHeadings < minOccurrences) return 0;

  const rarity = words.reduce((sum, word) => sum + rarityOf(word, size), 0) / words.length;
  const strangest = Math.max(...words.map((word) => rarityOf(word, size)));
  const unusual = words.length === 1 ? rarity : (rarity + strangest) / 2;
  if (words.length === 1 && unusual < (marked || candidate.emphasised > 0 ? 0.3 : 1.2)) return 0;

  const spread = candidate.documents.size;
  const perDocument = candidate.frequency / Math.max(1, spread);
  const base = Math.log2(1 + Math.log2(words.length + 1) * Math.max(alone, marked ? 1 : 0));
  const topical = 0.6 + 0.4 * Math.log2(1 + perDocument);
  const shared = 1 + 0.25 * Math.log2(Math.max(1, spread));
  const said =
    1 +
    0.8 * Math.min(1, candidate.headings) +
    0.2 * Math.min(1, candidate.inHeadings) +
    0.4 * Math.min(1, candidate.emphasised) +
    1.6 * Math.min(1, candidate.defined) +
    0.1 * Math.min(3, Math.max(0, candidate.defined - 1)) +
    0.3 * Math.min(1, candidate.codeLabels) +
    0.6 * Math.min(1, candidate.expansions.size);
  let against = 1;
  if (words.every(isEverydayComputing)) against *= words.length === 1 ? 0.45 : 0.6;
  if (onlyCode) against *= 0.6;
  if (!marked && candidate.emphasised === 0) against *= 0.6;
  if (words.some(isGenericNoun)) against *= 0.7;
  return base * (0.4 + 0.3 * unusual) * topical * shared * said * against;
}

function isMostlyCode(candidate: Candidate): boolean {
  return candidate.inCode >= candidate.frequency * 0.7;
}

/** The C-value's count: all occurrences, less the average of those within each longer phrase that is a candidate. */
function standsAlone(
  candidate: Candidate,
  candidates: Map<string, Candidate>,
  minOccurrences: number,
): number {
  let inside = 0;
  let longer = 0;
  for (const [key, count] of candidate.nestedIn) {
    if ((candidates.get(key)?.frequency ?? 0) < minOccurrences) continue;
    inside += count;
    longer += 1;
  }
  return longer === 0 ? candidate.frequency : candidate.frequency - inside / longer;
}

/** 0 for a word as common as in speech, up to 3 for one that speech hardly knows. */
function rarityOf(word: string, size: CorpusSize): number {
  const here = ((size.wordCounts.get(word) ?? 1) * 1e6) / Math.max(2000, size.words);
  const speech = Math.max(perMillionInSpeech(word), perMillionInSpeech(`${word}s`));
  return Math.min(3, Math.max(0, Math.log10(here / (speech + 5))));
}

function rankedTerm(candidate: Candidate, score: number, asked: string | undefined): RankedTerm {
  const term = asked ?? mainSpelling(candidate);
  return {
    key: candidate.key,
    term,
    alsoWritten: otherSpellings(candidate, term),
    score: Number(score.toFixed(3)),
    frequency: candidate.frequency,
    documentsCount: candidate.documents.size,
    expansions: [...candidate.expansions].sort(byCodePoint),
    required: asked !== undefined,
    code: isMostlyCode(candidate),
    everyday: candidate.key.split(' ').every(isEverydayComputing),
  };
}

/** The singular where the documents use it, else what they write most. */
export function mainSpelling(candidate: Candidate): string {
  const spellings = [...candidate.spellings].sort((a, b) => b[1] - a[1] || byCodePoint(a[0], b[0]));
  const total = spellings.reduce((sum, [, count]) => sum + count, 0);
  const singulars = spellings.filter(([text]) => isSingular(text, candidate.key));
  const count = singulars.reduce((sum, [, number]) => sum + number, 0);
  const best = count >= total * 0.25 ? singulars[0] : spellings[0];
  return best?.[0] ?? candidate.key;
}

function isSingular(text: string, key: string): boolean {
  return text.toLowerCase().replace(/[\s-]+/g, ' ') === key;
}

/** Spellings that a reader might search for: not mere plurals or capitals of the one shown. */
function otherSpellings(candidate: Candidate, term: string): string[] {
  const plain = (text: string): string => text.toLowerCase().replace(/s$/, '');
  const shown = new Set([plain(term)]);
  const others: string[] = [];
  for (const [text] of [...candidate.spellings].sort((a, b) => b[1] - a[1] || byCodePoint(a[0], b[0]))) {
    if (shown.has(plain(text)) || termKey(text) === plain(term)) continue;
    shown.add(plain(text));
    others.push(text);
  }
  return others.slice(0, 3);
}
