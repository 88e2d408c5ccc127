import { bandKeys, signatureOf, similarity } from './min-hash';

const words = (count: number, from = 0) => Array.from({ length: count }, (_, index) => `w${index + from}`);
const signature = (list: string[]) => signatureOf(list)!;

/** The exact share of common shingles. */
function jaccard(a: string[], b: string[]): number {
  const shingles = (list: string[]) =>
    new Set(list.slice(2).map((_, at) => list.slice(at, at + 3).join(' ')));
  const [first, second] = [shingles(a), shingles(b)];
  const common = [...first].filter((shingle) => second.has(shingle)).length;
  return common / (first.size + second.size - common);
}

describe('MinHash', () => {
  it('is the same for the same words, whenever it is computed', () => {
    expect(similarity(signature(words(200)), signature(words(200)))).toBe(1);
    // Stored signatures stay comparable only while these stay the same: see SIGNATURE_VERSION.
    expect([...signature(words(200)).slice(0, 3)]).toEqual([2156775384, 2186168870, 2147933341]);
  });

  it.each([0, 10, 40, 100, 200])('estimates the common share of texts that differ by %d words', (shift) => {
    const [a, b] = [words(300), words(300, shift)];
    expect(Math.abs(similarity(signature(a), signature(b)) - jaccard(a, b))).toBeLessThan(0.12);
  });

  it('gives similar texts a common band, and unrelated ones none', () => {
    const common = (a: string[], b: string[]) => {
      const keys = new Set(bandKeys(signature(a)));
      return bandKeys(signature(b)).filter((key) => keys.has(key)).length;
    };
    expect(common(words(300), words(300, 15))).toBeGreaterThan(0);
    expect(common(words(300), words(300, 1000))).toBe(0);
  });

  it('has no signature for a short text', () => expect(signatureOf(words(21))).toBeNull());
});
