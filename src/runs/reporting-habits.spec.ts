import { habitOf, UNKNOWN_HABIT } from './reporting-habits';

const run = (minute: number, seconds: number, claimed: boolean) => {
  const at = `2026-03-01T10:0${minute}:`;
  return {
    runId: `run-${minute}`,
    claimedAt: claimed ? `${at}00.000Z` : null,
    startedAt: `${at}00.000Z`,
    endedAt: `${at}0${seconds}.000Z`,
  };
};

describe('habitOf', () => {
  it('returns an unknown habit before the first run has finished', () =>
    expect(habitOf([])).toEqual(UNKNOWN_HABIT));

  it('returns only-at-end with the median duration if the latest run was never claimed', () =>
    expect(habitOf([run(5, 4, false), run(4, 9, true), run(3, 2, false), run(2, 5, false)])).toEqual({
      reports: 'only-at-end',
      typicalMs: 4000,
      lastReport: { runId: 'run-5', at: '2026-03-01T10:05:04.000Z' },
    }));

  it('returns at-start if the latest run was claimed, despite earlier runs', () =>
    expect(habitOf([run(5, 4, true), run(4, 3, false)])).toMatchObject({
      reports: 'at-start',
      lastReport: { runId: 'run-4' },
    }));
});
