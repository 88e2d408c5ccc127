/**
 * Returns the words of a text, folded for comparison: lower case, without accents, and without a plural "s". Signs
 * within names stay: `c++`, `c#`, `node.js`.
 */
export function wordsOf(text: string): string[] {
  const folded = text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  return (folded.match(/[\p{L}\p{N}][\p{L}\p{N}+#.]*/gu) ?? [])
    .map((word) => singular(word.replace(/\.+$/, '')))
    .filter((word) => word !== '');
}

/** Both sides of a comparison lose the same letter, so that it does not matter whether it was a plural. */
function singular(word: string): string {
  return /^\p{L}{2,}[^s\P{L}]s$/u.test(word) ? word.slice(0, -1) : word;
}

/** Whether the words stand in the text one after the other. */
export function containsPhrase(text: readonly string[], phrase: readonly string[]): boolean {
  for (let at = 0; at + phrase.length <= text.length; at++)
    if (phrase.every((word, index) => text[at + index] === word)) return true;
  return false;
}
