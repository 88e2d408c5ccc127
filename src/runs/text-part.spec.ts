import { at, joined, plainText, sentence } from './text-part';

const INSTANT = '2026-01-01T00:00:00.000Z' as Parameters<typeof at>[0];

describe('sentence', () => {
  it('keeps plain text in one part', () => {
    expect(sentence`Step ${'train'} is ${{ text: 'attempt ' }}${2}.`).toEqual([
      { text: 'Step train is attempt 2.' },
    ]);
  });

  it('keeps an instant in a part of its own', () => {
    expect(sentence`${at(INSTANT)} and ${at(INSTANT)}.`).toEqual([
      { text: INSTANT, instant: INSTANT },
      { text: ' and ' },
      { text: INSTANT, instant: INSTANT },
      { text: '.' },
    ]);
  });

  it('of no text has no parts', () => expect(sentence``).toEqual([]));
});

it('sentences are joined with a space between them', () => {
  expect(plainText(joined([sentence`One.`, sentence`Two.`, sentence`Three.`]))).toBe('One. Two. Three.');
});
