import type { Candidate } from './candidates';
import { isWellKnownAcronym } from './acronyms';
import { isEverydayComputing, isGenericNoun, perMillionInSpeech } from './common-words';
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
  /** True if the documents write it as code: an option or a function, not a word. */
  code: boolean;
  /** True if every word is an everyday word: it is a term only because the documents seem to define it. */
  everyday: boolean;
}

export interface RankingOptions {
  maxTerms: number;
  minOccurrences: number;
  minScore: number;
  excluded: string[];
  required: string[];
}

/** The number of words and documents in which the candidates were counted. */
export interface CorpusSize {
  words: number;
  documents: number;
  /** The frequency of each single word. */
  wordCounts: Map<string, number>;
}

/** Returns the best candidates, required ones first. Required terms are always included. */
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
 * Rates how likely a phrase is a term of these documents; 0 means that it is not.
 *
 * The base is the C-value (Frantzi and Ananiadou): how often a phrase occurs outside of longer phrases, with more
 * weight for longer ones. The score rises with words that are rare in speech. It rises with repeated use within a
 * document, which is a topic and not a habit of writing, and with spread over documents. It also rises with the
 * marks of authors: headings, emphasis, expanded acronyms and, above all, definitions.
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
  // Phrases that no author has marked need a higher frequency.
  if (
    !marked &&
    (alone < minOccurrences + 1 || (words.length === 1 && candidate.asNoun < minOccurrences + 1))
  )
    return 0;
  if (alone < minOccurrences && !(marked && candidate.frequency >= minOccurrences)) return 0;
  if (words.length === 1 && candidate.defined < 0.5 && candidate.expansions.size === 0) {
    if (isEverydayComputing(candidate.key) || isWellKnownAcronym(candidate.key)) return 0;
  }
  // A generic word is a term only if authors both mark and explain it: "**project**: a thing that is run".
  const isGeneric = words.length === 1 && isGenericNoun(candidate.key);
  if (isGeneric && (candidate.defined < 0.5 || candidate.headings + candidate.emphasised === 0)) return 0;

  const spelling = mainSpelling(candidate);
  const onlyCode = isMostlyCode(candidate);
  // A word that is usually not a noun outside of code ("checks", "custom") is an error of the tagger.
  if (!onlyCode && candidate.asNoun < (candidate.frequency - candidate.inCode) * 0.6) return 0;
  // Names from code are terms only if the text explains them.
  const isName = isIdentifier(spelling) && !/\.js$/i.test(spelling);
  if (isName && candidate.defined < 0.5 && (candidate.codeLabels === 0 || candidate.frequency < 4)) return 0;
  // If the text never uses the words of a heading, there is nothing to explain.
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

/** Returns the count of the C-value: all occurrences minus the average within each longer candidate. */
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

/** Returns 0 for a word as common as in speech, up to 3 for a word almost unknown in speech. */
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

/** Returns the singular if the documents use it enough, otherwise the most frequent spelling. */
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

/** Returns spellings that a reader might search for, without those that differ only in plural or case. */
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
