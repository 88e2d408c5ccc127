import { distance } from 'fastest-levenshtein';

/** Allows one wrong character per this many characters. */
const CHARACTERS_PER_SLIP = 4;

/** Returns the known name most similar to a misspelt one; null if none is similar. Pure. */
export function similarName(spellings: string[], known: readonly string[]): string | null {
  const [best] = known
    .map((name) => ({ name, slips: Math.min(...spellings.map((spelling) => distance(spelling, name))) }))
    .sort((one, other) => one.slips - other.slips);
  return best && best.slips <= Math.floor(best.name.length / CHARACTERS_PER_SLIP) ? best.name : null;
}
