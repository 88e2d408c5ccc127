import { createHash } from 'node:crypto';
import { bandKeys, signatureOf, similarity } from './min-hash';
import type { Posting } from './posting';
import { wordsOf } from './words';

/** What two postings are compared by. */
export interface Fingerprint {
  /** Equal for postings with the same words in title, company, location and text. */
  exactKey: string;
  /** Null for short texts. */
  signature: Uint32Array | null;
}

/** A posting that others can be duplicates of. */
export interface Original extends Pick<Posting, 'title' | 'company' | 'location'> {
  id: string;
  fingerprint: Fingerprint;
}

/** An original with its words, which are compared many times. */
interface Candidate {
  original: Original;
  words: PostingWords;
}

interface PostingWords {
  company: string;
  place: readonly string[];
  title: ReadonlySet<string>;
}

/**
 * Share of common three-word sequences from which two descriptions are the same. About one word in ten may differ. With
 * different titles it takes more: half of a description can be what a company writes about itself in each posting.
 */
const MIN_SIMILARITY = { sameTitle: 0.5, longerTitle: 0.8 };
/** Limits of the work for any texts: texts of boilerplate only would all share their bands. */
const MAX_BUCKET = 50;
const MAX_COMPARISONS = 200;
/** Words of a title that make another vacancy. */
const LEVELS = new Set(
  [
    'intern',
    'junior',
    'senior',
    'lead',
    'principal',
    'staff',
    'head',
    'director',
    'manager',
    'working',
    'student',
  ]
    .concat(['i', 'ii', 'iii', 'iv', 'v'])
    .flatMap(wordsOf),
);
/** What brackets in a title hold besides genders, such as (m/f/d), without making another vacancy. */
const NOISE = new Set(
  ['all', 'gender', 'human', 'remote', 'hybrid', 'full', 'part', 'time'].flatMap(wordsOf),
);
const SHORT_LEVELS: Record<string, string> = { sr: 'senior', jr: 'junior' };

export function fingerprintOf({ title, company, location, text }: Posting): Fingerprint {
  const words = wordsOf(text);
  const key = [title, company, location].map((part) => wordsOf(part).join(' ')).concat(words.join(' '));
  return {
    exactKey: createHash('sha256').update(key.join('\n')).digest('hex').slice(0, 32),
    signature: signatureOf(words),
  };
}

/**
 * Finds postings of the same vacancy. Each posting is compared with a bounded number of candidates that share a band of
 * its signature, so that the time grows with the number of postings and not with its square.
 */
export class DuplicateFinder {
  private readonly byExactKey = new Map<string, Original>();
  private readonly buckets = new Map<number, Candidate[]>();

  add(original: Original): void {
    const { exactKey, signature } = original.fingerprint;
    if (!this.byExactKey.has(exactKey)) this.byExactKey.set(exactKey, original);
    if (signature === null) return;
    const candidate = { original, words: wordsForComparison(original) };
    for (const key of bandKeys(signature)) {
      const bucket = this.buckets.get(key);
      if (bucket === undefined) this.buckets.set(key, [candidate]);
      else if (bucket.length < MAX_BUCKET) bucket.push(candidate);
    }
  }

  /** Returns the original of a posting: the first one that was added; null if there is none. */
  find(posting: Omit<Original, 'id'>): Original | null {
    const { exactKey, signature } = posting.fingerprint;
    const exact = this.byExactKey.get(exactKey);
    if (exact !== undefined) return exact;
    if (signature === null) return null;
    const words = wordsForComparison(posting);
    const compared = new Set<Candidate>();
    for (const bucket of this.bucketsOf(signature))
      for (const candidate of bucket) {
        if (compared.has(candidate)) continue;
        if (compared.size >= MAX_COMPARISONS) return null;
        compared.add(candidate);
        if (isSameVacancy(candidate, words, signature)) return candidate.original;
      }
    return null;
  }

  /** The smallest bucket first: large ones hold what many texts have in common. */
  private bucketsOf(signature: Uint32Array): Candidate[][] {
    const buckets = bandKeys(signature).map((key) => this.buckets.get(key) ?? []);
    return buckets.sort((a, b) => a.length - b.length);
  }
}

function isSameVacancy({ original, words }: Candidate, other: PostingWords, signature: Uint32Array): boolean {
  if (!haveSameCompany(words, other) || !areLocationsCompatible(words, other)) return false;
  const needed = neededSimilarity(words.title, other.title);
  return needed !== null && similarity(original.fingerprint.signature!, signature) >= needed;
}

/** Not every source names the company. */
function haveSameCompany(a: PostingWords, b: PostingWords): boolean {
  return a.company === '' || b.company === '' || a.company === b.company;
}

/** A vacancy in Berlin is not the one in Munich. "Berlin, Germany" and "Berlin" are the same place. */
function areLocationsCompatible(a: PostingWords, b: PostingWords): boolean {
  return a.place.length === 0 || b.place.length === 0 || a.place.some((word) => b.place.includes(word));
}

/** Null if the titles are those of different vacancies: neither contains the other, or one has a level in addition. */
function neededSimilarity(a: ReadonlySet<string>, b: ReadonlySet<string>): number | null {
  const [short, long] = a.size <= b.size ? [a, b] : [b, a];
  for (const word of short) if (!long.has(word)) return null;
  if (short.size === long.size) return MIN_SIMILARITY.sameTitle;
  const added = [...long].filter((word) => !short.has(word));
  return added.some((word) => LEVELS.has(word) || /\d/.test(word)) ? null : MIN_SIMILARITY.longerTitle;
}

function wordsForComparison({
  title,
  company,
  location,
}: Omit<Original, 'id' | 'fingerprint'>): PostingWords {
  const place = wordsOf(location);
  return { company: wordsOf(company).join(' '), place, title: titleWords(title, new Set(place)) };
}

/** Without genders and working hours in brackets, and without the location. */
function titleWords(title: string, place: ReadonlySet<string>): Set<string> {
  const plain = title.replace(/\([^()]*\)|\[[^[\]]*\]/g, (part) => (isNoise(part) ? ' ' : part));
  const words = wordsOf(plain).map((word) => SHORT_LEVELS[word] ?? word);
  return new Set(words.filter((word) => !place.has(word)));
}

function isNoise(part: string): boolean {
  return wordsOf(part).every((word) => word.length === 1 || NOISE.has(word));
}
