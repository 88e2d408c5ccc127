import { lowestRunIdAt } from '../../runs/run-id';
import type { ScheduleOutcome, ScheduleRecord } from '../../schedules/schedule-record';
import { historyQuery } from './history-query';
import { showsSkipped, skippedRange, skippedRows } from './skipped-starts';

const at = (hour: number) => `2026-03-01T${String(hour).padStart(2, '0')}:00:00.000Z`;
const msAt = (hour: number) => Date.parse(at(hour));
const runAt = (hour: number) => ({ runId: lowestRunIdAt(msAt(hour)) });
const record = (hour: number, outcome: ScheduleOutcome = 'missed', schedule = 'default'): ScheduleRecord => ({
  ...{ projectId: 'demo', schedule, dueAt: at(hour), outcome, runId: null, reason: null, detail: null },
  ...{ until: null, count: 1, recordedAt: at(hour) },
});
const shown = (rows: ReturnType<typeof skippedRows>) =>
  rows.map((each) => each.map(({ from, due, count }) => [from?.datetime ?? null, due.datetime, count]));

it('puts each due time between the runs around it, and folds neighbours only there', () => {
  const records = [12, 11, 9, 8, 6, 3].map((hour) => record(hour));
  expect(shown(skippedRows([runAt(10), runAt(7), runAt(5), runAt(4)], records))).toEqual([
    [[at(11), at(12), '2']],
    [[at(8), at(9), '2']],
    [[null, at(6), null]],
    [],
    [[null, at(3), null]],
  ]);
});

it('puts a due time at the start of a run above it', () => {
  expect(shown(skippedRows([runAt(10)], [record(10)]))).toEqual([[[null, at(10), null]], []]);
});

it('keeps outcomes and schedules apart, each row with an id that stays while the row grows', () => {
  const rows = (records: ScheduleRecord[]) => skippedRows([], records)[0]!.map(({ id, word }) => [id, word]);
  const older = [record(9, 'skipped-busy'), record(8, 'missed', 'night'), record(8)];
  const ids = [
    [`due-default-${msAt(9)}`, 'Skipped: a run was in progress'],
    [`due-night-${msAt(8)}`, 'Missed: the server was down or late'],
    [`due-default-${msAt(8)}`, 'Missed: the server was down or late'],
  ];
  expect(rows(older)).toEqual(ids);
  expect(rows([record(10, 'skipped-busy'), ...older])).toEqual(ids);
});

describe('skippedRange', () => {
  const [newer, older] = [runAt(8).runId, runAt(5).runId];

  it('is one part of the time for each page, without gaps', () => {
    expect(skippedRange({ above: null, olderThan: newer }, {})).toEqual({ from: at(8), before: null });
    expect(skippedRange({ above: newer, olderThan: older }, {})).toEqual({ from: at(5), before: at(8) });
    expect(skippedRange({ above: older, olderThan: null }, {})).toEqual({ from: null, before: at(5) });
    expect(skippedRange({ above: null, olderThan: null }, {})).toEqual({ from: null, before: null });
  });

  it('stays within the filtered time', () => {
    const filter = { fromMs: msAt(6), toMs: msAt(7) - 1 };
    expect(skippedRange({ above: newer, olderThan: older }, filter)).toEqual({ from: at(6), before: at(7) });
  });
});

it.each([
  ['', true],
  ['triggeredBy=schedule', true],
  ['period=7d', true],
  ['from=2026-03-01', true],
  ['triggeredBy=manual', false],
  ['triggeredByName=ada', false],
  ['status=failed', false],
  ['scope=full', false],
  ['search=a', false],
])('with the filter "%s", shows due times without a run: %s', (query, isShown) => {
  expect(showsSkipped(historyQuery(Object.fromEntries(new URLSearchParams(query))))).toBe(isShown);
});
