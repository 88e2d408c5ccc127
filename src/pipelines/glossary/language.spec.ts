import { Casing, sentencesOf } from './language';
import { parseMarkdown } from './markdown';

const sentences = (source: string) => {
  const document = parseMarkdown('a.md', source);
  const casing = new Casing();
  casing.learn(document);
  return sentencesOf(document, casing);
};

describe('sentencesOf', () => {
  it('splits text at sentence ends only', () => {
    const text =
      'Node.js runs it, e.g. on Linux. `maxAge` is 3.5 seconds. See v1.2.3 of @scope/name for more! Is it?';
    expect(sentences(text).map((sentence) => sentence.text)).toEqual([
      'Node.js runs it, e.g. on Linux.',
      '`maxAge` is 3.5 seconds.',
      'See v1.2.3 of @scope/name for more!',
      'Is it?',
    ]);
  });

  it('keeps compounds and code as single tokens at their position', () => {
    const [sentence] = sentences('The body-parser reads `maxAge` from Node.js.');
    const tokens = sentence?.tokens ?? [];
    expect(tokens.map((token) => token.text)).toEqual([
      'The',
      'body-parser',
      'reads',
      'maxAge',
      'from',
      'Node.js',
      '.',
    ]);
    for (const token of tokens) expect(sentence?.text.slice(token.start, token.end)).toBe(token.text);
    expect(tokens.filter((token) => token.code).map((token) => token.text)).toEqual(['maxAge']);
  });

  it('distinguishes verbs from nouns in unambiguous grammar', () => {
    const [first, second] = sentences('The worker claims a run. Each queued run waits for a slot.');
    expect(first?.tokens.find((token) => token.text === 'claims')?.pos).toBe('VERB');
    expect(second?.tokens.find((token) => token.text === 'run')?.pos).toBe('NOUN');
  });

  it('returns the line of each sentence', () => {
    expect(sentences('One is here.\nTwo is there.').map((sentence) => sentence.line)).toEqual([1, 2]);
  });
});
