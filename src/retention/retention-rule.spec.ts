import { lowestRunIdAt } from '../runs/run-id';
import { defaultDaysOf, type KeepLimits, limitsOf, NO_LIMITS } from './keep-limits';
import { type RuledRun, runsThatGo } from './retention-rule';

const NOW = Date.parse('2026-06-01T00:00:00Z');
const DAY_MS = 86_400_000;
/** Returns a run that started so many days ago. */
const aged = (days: number, more: Partial<RuledRun> = {}): RuledRun => ({
  runId: lowestRunIdAt(NOW - days * DAY_MS),
  status: 'completed',
  pinned: 0,
  hasKeptResult: false,
  ...more,
});
const limits = (more: Partial<KeepLimits>): KeepLimits => ({ ...NO_LIMITS, ...more });
const ages = (runs: RuledRun[], list: RuledRun[]) => list.map((run) => runs.indexOf(run));

describe('runsThatGo', () => {
  const runs = [aged(1), aged(20), aged(40), aged(60), aged(80)];

  it('keeps everything without limits', () => expect(runsThatGo(runs, 'run', NO_LIMITS, NOW)).toEqual([]));

  it.each<[string, Partial<KeepLimits>, number[]]>([
    ['older than days', { days: 50 }, [3, 4]],
    ['beyond the number of runs', { runs: 2 }, [2, 3, 4]],
    ['beyond either limit, where days reach further', { days: 30, runs: 4 }, [2, 3, 4]],
    ['beyond either limit, where runs reach further', { days: 70, runs: 3 }, [3, 4]],
    ['of a project with fewer runs than the limit: none', { runs: 100 }, []],
  ])('deletes runs %s', (_what, limit, expected) =>
    expect(ages(runs, runsThatGo(runs, 'run', limits(limit), NOW))).toEqual(expected),
  );

  it('keeps the newest run, however old it is', () => {
    const old = [aged(300, { status: 'failed' }), aged(400, { status: 'failed' })];
    expect(ages(old, runsThatGo(old, 'run', limits({ days: 1 }), NOW))).toEqual([1]);
  });

  it('keeps the newest completed run behind later failures', () => {
    const failing = [
      aged(1, { status: 'failed' }),
      aged(2, { status: 'partial' }),
      aged(90, { status: 'completed' }),
      aged(91, { status: 'completed' }),
    ];
    expect(ages(failing, runsThatGo(failing, 'run', limits({ runs: 1 }), NOW))).toEqual([1, 3]);
  });

  it('keeps pinned and active runs, and those whose result is kept', () => {
    const some = [
      aged(1),
      aged(50, { pinned: 1 }),
      aged(60, { status: 'running' }),
      aged(65, { hasKeptResult: true }),
      aged(70),
    ];
    expect(ages(some, runsThatGo(some, 'run', limits({ runs: 1 }), NOW))).toEqual([4]);
  });

  it('keeps the log of the newest failure, but not its files', () => {
    const some = [
      aged(1),
      aged(50, { status: 'failed' }),
      aged(60, { status: 'failed' }),
      aged(70, { status: 'cancelled' }),
    ];
    const limit = limits({ logsDays: 10, artifactsDays: 10 });
    expect(ages(some, runsThatGo(some, 'logs', limit, NOW))).toEqual([2, 3]);
    expect(ages(some, runsThatGo(some, 'artifacts', limit, NOW))).toEqual([1, 2, 3]);
    expect(runsThatGo(some, 'run', limit, NOW)).toEqual([]);
  });
});

describe('the limits of a project', () => {
  it.each([
    ['are the default without keep', null, 180, { days: 180 }],
    ['have the default beside other limits', { runs: 5 }, 180, { days: 180, runs: 5 }],
    ['replace the default', { days: 7 }, 180, { days: 7 }],
    ['have none by age with 0', { days: 0, logsDays: 3 }, 180, { logsDays: 3 }],
    ['are none without keep and default', null, null, {}],
  ])('%s', (_what, keep, defaultDays, expected) =>
    expect(limitsOf(keep, defaultDays)).toEqual(limits(expected)),
  );

  it.each([
    ['180 days in a new data folder', null, true, 180],
    ['none in an earlier data folder', null, false, null],
    ['RETENTION_DAYS in both', 30, false, 30],
    ['none with 0', 0, true, null],
  ])('have as default: %s', (_what, setting, isNew, expected) =>
    expect(defaultDaysOf(setting, isNew)).toBe(expected),
  );
});
