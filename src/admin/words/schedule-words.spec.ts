import type { FoldedRecord } from '../../schedules/folded-records';
import { scheduleRecordText } from './schedule-words';

const record: FoldedRecord = {
  ...{ projectId: 'demo', schedule: 'default', outcome: 'missed', count: 3 },
  ...{ firstDueAt: '2026-03-01T10:00:00.000Z', lastDueAt: '2026-03-01T12:00:00.000Z' },
  ...{ runId: null, reason: null, detail: null },
};

it('names the first and the last of several due times, with seconds only where a schedule has them', () => {
  expect(scheduleRecordText(record)).toMatchObject({
    schedule: null,
    from: { text: '2026-03-01 10:00 UTC' },
    due: { text: '2026-03-01 12:00 UTC' },
    count: '3',
  });
  expect(scheduleRecordText({ ...record, firstDueAt: '2026-03-01T11:59:50.000Z' })).toMatchObject({
    from: { text: '2026-03-01 11:59:50 UTC' },
    due: { text: '2026-03-01 12:00:00 UTC' },
  });
  expect(scheduleRecordText({ ...record, schedule: 'night', count: 1 })).toMatchObject({
    schedule: 'night',
    from: null,
    count: null,
  });
});
