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

/** Share of common three-word sequences from which two descriptions are the same. One word in ten may differ. */
const MIN_SIMILARITY = 0.6;
/** Limits of the work, whatever the texts are: texts of boilerplate only would all share their bands. */
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
  private readonly buckets = new Map<number, Original[]>();

  add(original: Original): void {
    const { exactKey, signature } = original.fingerprint;
    if (!this.byExactKey.has(exactKey)) this.byExactKey.set(exactKey, original);
    if (signature === null) return;
    for (const key of bandKeys(signature)) {
      const bucket = this.buckets.get(key);
      if (bucket === undefined) this.buckets.set(key, [original]);
      else if (bucket.length < MAX_BUCKET) bucket.push(original);
    }
  }

  /** Returns the original of a posting: the first one that was added; null if there is none. */
  find(posting: Omit<Original, 'id'>): Original | null {
    const { exactKey, signature } = posting.fingerprint;
    const exact = this.byExactKey.get(exactKey);
    if (exact !== undefined) return exact;
    if (signature === null) return null;
    const compared = new Set<Original>();
    for (const key of bandKeys(signature))
      for (const candidate of this.buckets.get(key) ?? []) {
        if (compared.has(candidate)) continue;
        if (compared.size >= MAX_COMPARISONS) return null;
        compared.add(candidate);
        if (isSameVacancy(candidate, posting, signature)) return candidate;
      }
    return null;
  }
}

function isSameVacancy(a: Original, b: Omit<Original, 'id'>, signature: Uint32Array): boolean {
  return (
    a.fingerprint.signature !== null &&
    similarity(a.fingerprint.signature, signature) >= MIN_SIMILARITY &&
    haveSameCompany(a, b) &&
    areLocationsCompatible(a, b) &&
    areTitlesCompatible(a, b)
  );
}

/** Not every source names the company. */
function haveSameCompany(a: Pick<Posting, 'company'>, b: Pick<Posting, 'company'>): boolean {
  const [first, second] = [wordsOf(a.company).join(' '), wordsOf(b.company).join(' ')];
  return first === '' || second === '' || first === second;
}

/** A vacancy in Berlin is not the one in Munich. "Berlin, Germany" and "Berlin" are the same place. */
function areLocationsCompatible(a: Pick<Posting, 'location'>, b: Pick<Posting, 'location'>): boolean {
  const [first, second] = [wordsOf(a.location), new Set(wordsOf(b.location))];
  return first.length === 0 || second.size === 0 || first.some((word) => second.has(word));
}

/** One title contains the other, and what it has in addition is no level such as "Senior" or "II". */
function areTitlesCompatible(a: TitleAndPlace, b: TitleAndPlace): boolean {
  const [first, second] = [titleWords(a), titleWords(b)];
  const [short, long] = first.size <= second.size ? [first, second] : [second, first];
  if (![...short].every((word) => long.has(word))) return false;
  return [...long].every((word) => short.has(word) || !(LEVELS.has(word) || /\d/.test(word)));
}

type TitleAndPlace = Pick<Posting, 'title' | 'location'>;

/** Without parts in brackets, which hold genders, places and working hours, and without the location. */
function titleWords({ title, location }: TitleAndPlace): Set<string> {
  const place = new Set(wordsOf(location));
  const outside = wordsOf(title.replace(/\([^()]*\)|\[[^[\]]*\]/g, ' '));
  const words = outside.length > 0 ? outside : wordsOf(title);
  return new Set(words.map((word) => SHORT_LEVELS[word] ?? word).filter((word) => !place.has(word)));
}
