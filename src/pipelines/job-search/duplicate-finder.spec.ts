import { DuplicateFinder, fingerprintOf } from './duplicate-finder';
import type { Posting } from './posting';

const SENTENCE = Array.from({ length: 120 }, (_, index) => `word${index}`).join(' ');

/** Replaces the last quarter, so that a bit more than half of all sequences are common. */
function halfOf(text: string): string {
  const words = text.split(' ');
  return [...words.slice(0, 90), ...words.slice(90).map((word) => `new${word}`)].join(' ');
}

function posting(changes: Partial<Posting> = {}): Posting {
  return {
    source: 'lever:acme',
    url: 'https://example.com/1',
    title: 'Data Engineer',
    company: 'Acme',
    location: 'Berlin',
    postedAt: null,
    text: SENTENCE,
    recordedHtml: null,
    ...changes,
  };
}

function isDuplicate(second: Partial<Posting>, first: Partial<Posting> = {}): boolean {
  const finder = new DuplicateFinder();
  const original = posting(first);
  finder.add({ ...original, id: 'a', fingerprint: fingerprintOf(original) });
  const other = posting(second);
  return finder.find({ ...other, fingerprint: fingerprintOf(other) }) !== null;
}

describe('DuplicateFinder', () => {
  it.each<[string, Partial<Posting>]>([
    ['a changed sentence', { text: `Apply now! ${SENTENCE} Good luck.` }],
    ['an addition in brackets', { title: 'Data Engineer (m/f/d)', text: `${SENTENCE} more` }],
    ['one word in ten changed', { text: SENTENCE.replaceAll(/word\d*7\b/g, 'other'), company: 'acme' }],
    ['all genders', { title: 'Data Engineer (all genders)', text: halfOf(SENTENCE) }],
    ['a team in its title, and the same text', { title: 'Data Engineer, Search', text: `${SENTENCE} more` }],
    ['the place in the title', { title: 'Data Engineer - Berlin', text: `${SENTENCE} more` }],
    ['a longer name of the place', { location: 'Berlin, Germany', text: `${SENTENCE} more` }],
    ['an unknown company', { company: '', text: `${SENTENCE} more` }],
    ['another spelling of the company', { company: 'ACME', text: `${SENTENCE} more` }],
  ])('finds a duplicate with %s', (_what, changes) => expect(isDuplicate(changes)).toBe(true));

  it.each<[string, Partial<Posting>]>([
    ['another company', { company: 'Other' }],
    ['another place', { location: 'Munich' }],
    ['a higher level', { title: 'Senior Data Engineer' }],
    ['another number', { title: 'Data Engineer 2' }],
    ['another role', { title: 'Data Scientist' }],
    ['a team in its title', { title: 'Data Engineer, Search', text: halfOf(SENTENCE) }],
    ['a team in brackets', { title: 'Data Engineer (Search)', text: halfOf(SENTENCE) }],
    ['another text', { text: SENTENCE.replaceAll('word', 'other') }],
  ])('keeps a posting with %s apart', (_what, changes) => expect(isDuplicate(changes)).toBe(false));

  it('compares short texts only if they are equal', () => {
    expect(isDuplicate({ text: 'A short text.' }, { text: 'a short text' })).toBe(true);
    expect(isDuplicate({ text: 'A short text too.' }, { text: 'A short text' })).toBe(false);
  });

  it('finds exact duplicates among any number of vacancies with the same text', () => {
    const finder = new DuplicateFinder();
    const inTown = (index: number) => posting({ location: `Town${index}` });
    for (let index = 0; index < 500; index++) {
      const one = inTown(index);
      const fingerprint = fingerprintOf(one);
      expect(finder.find({ ...one, fingerprint })).toBeNull();
      finder.add({ ...one, id: String(index), fingerprint });
    }
    const again = inTown(499);
    expect(finder.find({ ...again, fingerprint: fingerprintOf(again) })?.id).toBe('499');
  });
});
