import { elapsedText } from '../../clock/elapsed-text';
import { durationText } from '../../clock/duration-text';
import { durationOf } from './duration-text';

describe('durationText', () => {
  it.each([
    [0, '0 ms'],
    [40, '40 ms'],
    [4_240, '4.2 s'],
    [9_949, '9.9 s'],
    [9_950, '10 s'],
    [59_600, '1 min 0 s'],
    [252_000, '4 min 12 s'],
    [3_599_600, '1 h 0 min'],
    [11_100_000, '3 h 5 min'],
    [187_200_000, '2 d 4 h'],
  ])('formats %d ms as %s', (ms, text) => {
    expect(durationText(ms)).toBe(text);
  });
});

it('rounds down to whole seconds while a run is active', () => {
  expect(elapsedText(0)).toBe('0 s');
  expect(elapsedText(59_999)).toBe('59 s');
});

describe('durationOf', () => {
  const startedAt = '2025-01-01T10:00:00.000Z';
  const now = '2025-01-01T10:00:05.500Z';

  it('grows while there is no end', () => {
    expect(durationOf({ startedAt, endedAt: null }, now)).toEqual({ text: '5 s', tickingFromMs: 5_500 });
  });

  it('is fixed once there is an end', () => {
    const ended = durationOf({ startedAt, endedAt: '2025-01-01T10:00:01.500Z' }, now);
    expect(ended).toEqual({ text: '1.5 s', tickingFromMs: null });
  });

  it('is null before the start, and never negative', () => {
    expect(durationOf({ startedAt: null, endedAt: null }, now)).toBeNull();
    expect(durationOf({ startedAt: now, endedAt: startedAt }, now)?.text).toBe('0 ms');
  });
});
