/** Consecutive words that are compared as one. */
const SHINGLE_WORDS = 3;
/** Fewer say too little: short texts resemble each other by chance. */
const MIN_SHINGLES = 20;
const MAX_WORDS = 3000;

export const BANDS = 42;
const ROWS = 3;
export const SIGNATURE_LENGTH = BANDS * ROWS;

/** Raise it with any change to words, shingles or hashes: signatures of different versions are not comparable. */
export const SIGNATURE_VERSION = 1;

/** Constants of the hash functions: the same in each run, so that stored signatures stay comparable. */
const SEEDS = Int32Array.from({ length: SIGNATURE_LENGTH }, (_, index) => mixed(2 * index + 1));
const FACTORS = Int32Array.from({ length: SIGNATURE_LENGTH }, (_, index) => mixed(2 * index + 2) | 1);

/**
 * Returns the MinHash signature of a text; null for a text that is too short. The share of equal places of two
 * signatures estimates the share of common shingles (Jaccard), with a standard error of at most 0.045.
 */
export function signatureOf(words: readonly string[]): Uint32Array | null {
  const shingles = shinglesOf(words);
  if (shingles.size < MIN_SHINGLES) return null;
  // Signed numbers throughout: V8 then needs no conversion in this loop, which takes most of the time of a run.
  const least = new Int32Array(SIGNATURE_LENGTH).fill(0x7fffffff);
  for (const shingle of shingles)
    for (let index = 0; index < SIGNATURE_LENGTH; index++) {
      let hash = Math.imul(shingle ^ SEEDS[index]!, FACTORS[index]!);
      hash ^= hash >>> 15;
      hash = Math.imul(hash, 0x2c1b3c6d);
      if (hash < least[index]!) least[index] = hash;
    }
  return new Uint32Array(least.buffer);
}

/** Returns the estimated share of common shingles, from 0 to 1. */
export function similarity(a: Uint32Array, b: Uint32Array): number {
  let equal = 0;
  for (let index = 0; index < SIGNATURE_LENGTH; index++) if (a[index] === b[index]) equal++;
  return equal / SIGNATURE_LENGTH;
}

/** Returns one key for each band. Similar texts share at least one of them: 99% of pairs with a similarity of 0.5. */
export function bandKeys(signature: Uint32Array): number[] {
  return Array.from({ length: BANDS }, (_, band) => {
    let key = mixed(band + 1);
    for (let row = 0; row < ROWS; row++) key = mixed(key ^ signature[band * ROWS + row]!);
    return key;
  });
}

function shinglesOf(words: readonly string[]): Set<number> {
  const hashes = words.slice(0, MAX_WORDS).map(hashOf);
  const shingles = new Set<number>();
  for (let at = 0; at + SHINGLE_WORDS <= hashes.length; at++) {
    let hash = 0;
    for (let index = 0; index < SHINGLE_WORDS; index++)
      hash = mixed(Math.imul(hash, 31) + hashes[at + index]!);
    shingles.add(hash);
  }
  return shingles;
}

/** FNV-1a over UTF-16 code units. */
function hashOf(word: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < word.length; at++) hash = Math.imul(hash ^ word.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

/** The finaliser of MurmurHash3: each bit of the input affects each bit of the result. */
function mixed(value: number): number {
  let hash = value ^ (value >>> 16);
  hash = Math.imul(hash, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
