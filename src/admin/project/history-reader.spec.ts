import { aNewRun } from '../../../test/support/a-run';
import type { Clock } from '../../clock/clock';
import type { HistoryPage, RunHistoryRepository } from '../../history/run-history.repository';
import type { ScheduleRepository } from '../../schedules/schedule.repository';
import { WHOLE_HISTORY } from './history-query';
import { HistoryReader } from './history-reader';
import type { ProjectPasts } from './project-pasts';

const notStarted = jest.fn<ReturnType<ScheduleRepository['notStarted']>, unknown[]>(() =>
  Promise.resolve([]),
);
const schedules = { notStarted } as unknown as ScheduleRepository;
const found: HistoryPage = {
  items: [aNewRun()],
  newerThan: null,
  olderThan: null,
  above: null,
  searchedBackTo: null,
};

it('does not repeat a search while the newest run of the project is the same', async () => {
  const page = jest.fn(() => Promise.resolve(found));
  const reader = new HistoryReader(
    { page } as unknown as RunHistoryRepository,
    { countsOf: () => Promise.resolve({}) } as unknown as ProjectPasts,
    schedules,
    { nowMs: () => 0 } as Clock,
  );
  const queriesAfterReading = async (query: object, newest = aNewRun()) => {
    const { page: shown } = await reader.read('demo', { ...WHOLE_HISTORY, ...query }, newest);
    expect(shown).toEqual(found);
    return page.mock.calls.length;
  };
  expect([await queriesAfterReading({ search: 'a' }), await queriesAfterReading({ search: 'a' })]).toEqual([
    1, 1,
  ]);
  expect(await queriesAfterReading({ search: 'b' })).toBe(2);
  expect(await queriesAfterReading({ search: 'a', place: { direction: 'older', runId: 'x' } })).toBe(3);
  expect(await queriesAfterReading({ search: 'a' }, { ...aNewRun(), revision: 2 })).toBe(4);
  expect([await queriesAfterReading({}), await queriesAfterReading({})]).toEqual([5, 6]); // without a filter a page is cheap, so it is read again
});
