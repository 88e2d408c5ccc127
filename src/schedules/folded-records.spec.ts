import { foldedRecords } from './folded-records';
import type { ScheduleOutcome, ScheduleRecord } from './schedule-record';

function record(hour: number, outcome: ScheduleOutcome, more: Partial<ScheduleRecord> = {}): ScheduleRecord {
  const dueAt = `2026-03-02T${String(hour).padStart(2, '0')}:00:00.000Z`;
  const key = { projectId: 'nightly', schedule: 'default' };
  const rest = { runId: null, reason: null, detail: null, until: null, count: 1, recordedAt: dueAt };
  return { ...key, dueAt, outcome, ...rest, ...more };
}
const rows = (records: ScheduleRecord[]) =>
  foldedRecords(records).map(({ projectId, outcome, firstDueAt, lastDueAt, count }) => [
    projectId,
    outcome,
    Number(firstDueAt.slice(11, 13)),
    Number(lastDueAt.slice(11, 13)),
    count,
  ]);

describe('foldedRecords', () => {
  it('joins neighbours with the same outcome, but no starts', () => {
    expect(
      rows([
        record(9, 'missed'),
        record(8, 'missed'),
        record(7, 'started'),
        record(6, 'started'),
        record(5, 'missed'),
      ]),
    ).toEqual([
      ['nightly', 'missed', 8, 9, 2],
      ['nightly', 'started', 7, 7, 1],
      ['nightly', 'started', 6, 6, 1],
      ['nightly', 'missed', 5, 5, 1],
    ]);
  });

  it('joins records of one schedule across those of others', () => {
    const other = { projectId: 'other' };
    expect(
      rows([
        record(9, 'missed'),
        record(8, 'missed', other),
        record(7, 'missed'),
        record(6, 'missed', other),
      ]),
    ).toEqual([
      ['nightly', 'missed', 7, 9, 2],
      ['other', 'missed', 6, 8, 2],
    ]);
  });

  it('keeps refusals for different reasons apart', () => {
    const quota = { reason: 'QUOTA_REACHED' };
    expect(rows([record(9, 'refused', quota), record(8, 'refused', quota), record(7, 'refused')])).toEqual([
      ['nightly', 'refused', 8, 9, 2],
      ['nightly', 'refused', 7, 7, 1],
    ]);
  });

  it('counts records that stand for several due times', () => {
    const span = { until: '2026-03-02T05:00:00.000Z', count: 5 };
    expect(rows([record(6, 'missed'), record(1, 'missed', span)])).toEqual([['nightly', 'missed', 1, 6, 6]]);
    expect(rows([record(1, 'missed', span)])).toEqual([['nightly', 'missed', 1, 5, 5]]);
  });
});
