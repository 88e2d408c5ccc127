import { toInstant } from '../../clock/clock';
import { stalenessOf, staleWords } from './staleness';

const NOW = '2026-03-10T10:00:00.000Z';
const HOUR_MS = 3_600_000;
const hoursAgo = (...hours: number[]) => hours.map((ago) => toInstant(Date.parse(NOW) - ago * HOUR_MS));
const wordsFor = (...hours: number[]) => staleWords(stalenessOf(hoursAgo(...hours)), false, NOW);

it('returns null for a project that never succeeded', () => expect(wordsFor()).toBeNull());

it.each<[string, number[], string | null]>([
  ['daily, and a day ago', [24, 48, 72, 96, 120], null],
  ['daily, and two days ago', [48, 72, 96, 120, 144], 'Last success 2 days ago'],
  ['every quarter of an hour, and this morning', [3, 3.25, 3.5, 3.75], null],
  ['every quarter of an hour, and yesterday', [25, 25.25, 25.5, 25.75], 'Last success 1 day ago'],
  ['weekly, and twelve days ago', [288, 456, 624, 792], null],
  ['weekly, and two weeks ago', [336, 504, 672, 840], 'Last success 14 days ago'],
  ['daily but for a month of holidays, and two days ago', [48, 72, 96, 816, 840], 'Last success 2 days ago'],
  ['only three times, and six days ago', [144, 145, 146], null],
  ['only three times, and a week ago', [168, 169, 170], 'Last success 7 days ago'],
  ['once, and eight days ago', [192], 'Last success 8 days ago'],
])('judges a project whose successes were %s', (_what, hours, words) =>
  expect(wordsFor(...hours)).toBe(words),
);

it('returns null while a run is active', () =>
  expect(staleWords(stalenessOf(hoursAgo(999)), true, NOW)).toBeNull());
