import { containsPhrase, wordsOf } from './words';

/** Stored with each score. Raise it with any change to the rules. */
export const SCORE_VERSION = 1;

/** Points of a query's word, and of all its words in a row. The first place that applies counts. */
const WORD_POINTS = { title: 10, text: 3 };
const PHRASE_POINTS = { title: 10, text: 5 };

export interface Query {
  id: string;
  text: string;
}

/** Why a posting has points: a word or the whole phrase of a query, and where it stands. */
export interface Reason {
  kind: 'word' | 'phrase';
  word: string;
  where: 'title' | 'text';
  points: number;
}

export interface QueryScore {
  queryId: string;
  query: string;
  /** From 0 to 100: the share of the points that the query can give, as a whole number. */
  score: number;
  points: number;
  mostPoints: number;
  reasons: Reason[];
}

export interface Words {
  title: readonly string[];
  text: readonly string[];
  /** Of title and text. Built once, because each query looks words up in it. */
  all: ReadonlySet<string>;
}

export function wordsOfPosting(posting: { title: string; text: string }): Words {
  const title = wordsOf(posting.title);
  const text = wordsOf(posting.text);
  return { title, text, all: new Set([...title, ...text]) };
}

/** A posting fits a query if it has each of its words, in the title or in the text. */
export function fits({ all }: Words, query: readonly string[]): boolean {
  return query.length > 0 && query.every((word) => all.has(word));
}

/** Returns the score for each query, the best first. The score of the posting is the first one's. */
export function scoresOf(posting: Words, queries: readonly Query[]): QueryScore[] {
  const scores = queries.map((query) => scoreOf(posting, query));
  return scores.sort((a, b) => b.score - a.score || (a.queryId < b.queryId ? -1 : 1));
}

function scoreOf(posting: Words, { id, text }: Query): QueryScore {
  const phrase = wordsOf(text);
  const words = [...new Set(phrase)];
  const reasons: Reason[] = [];
  for (const word of words) {
    const where = placeOf(posting, (place) => place.includes(word));
    if (where !== null) reasons.push({ kind: 'word', word, where, points: WORD_POINTS[where] });
  }
  if (phrase.length > 1) {
    const where = placeOf(posting, (place) => containsPhrase(place, phrase));
    if (where !== null)
      reasons.push({ kind: 'phrase', word: phrase.join(' '), where, points: PHRASE_POINTS[where] });
  }
  const points = reasons.reduce((sum, reason) => sum + reason.points, 0);
  const mostPoints = words.length * WORD_POINTS.title + (phrase.length > 1 ? PHRASE_POINTS.title : 0);
  const score = mostPoints === 0 ? 0 : Math.round((100 * points) / mostPoints);
  return { queryId: id, query: text, score, points, mostPoints, reasons };
}

function placeOf(posting: Words, isIn: (place: readonly string[]) => boolean): 'title' | 'text' | null {
  if (isIn(posting.title)) return 'title';
  return isIn(posting.text) ? 'text' : null;
}
