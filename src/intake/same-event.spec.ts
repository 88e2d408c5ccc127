import type { RunEvent } from '../events/run-event';
import { inboxRow, isSameEvent, rememberedByHash } from './same-event';

const EVENT: RunEvent = {
  eventId: '019ca9d6-8580-7000-8000-0000000000e1',
  eventType: 'run.progress',
  eventVersion: 1,
  occurredAt: '2026-03-01T10:00:00.000Z',
  runId: '019ca9d6-8580-7000-8000-000000000001',
  payload: { current: 1, metrics: { found: 2, kept: 1 } },
};
const LOG: RunEvent = { ...EVENT, eventType: 'run.log', payload: { lines: [{ text: 'a' }, { text: 'b' }] } };
const AT = '2026-03-01T10:00:01.000Z';

describe('isSameEvent', () => {
  const rows = [
    ['stored whole', inboxRow(EVENT, AT)],
    ['stored as a hash', rememberedByHash(EVENT)],
  ] as const;

  describe.each(rows)('%s', (_, known) => {
    it.each<[string, Partial<RunEvent>]>([
      ['with equal members', {}],
      ['with members in another order', { payload: { metrics: { kept: 1, found: 2 }, current: 1 } }],
      ['with another time', { occurredAt: '2026-03-01T11:00:00.000Z' }],
    ])('accepts an event %s', (_name, other) =>
      expect(isSameEvent({ ...EVENT, ...other } as RunEvent, known)).toBe(true),
    );

    it.each<[string, Partial<RunEvent>]>([
      ['of another type', { eventType: 'run.completed' }],
      ['of another run', { runId: '019ca9d6-8580-7000-8000-000000000002' }],
      ['with another value', { payload: { current: 2, metrics: { found: 2, kept: 1 } } }],
      ['with an additional member', { payload: { current: 1, metrics: { found: 2, kept: 1 }, total: 3 } }],
    ])('rejects an event %s', (_name, other) =>
      expect(isSameEvent({ ...EVENT, ...other } as RunEvent, known)).toBe(false),
    );
  });

  it('compares the text of log lines, although the inbox stores only their number', () => {
    const known = inboxRow(LOG, AT);
    expect(known.payload).toBe('{"lines":2}');
    expect(isSameEvent(LOG, known)).toBe(true);
    const other = { ...LOG, payload: { lines: [{ text: 'a' }, { text: 'c' }] } } as RunEvent;
    expect(isSameEvent(other, known)).toBe(false);
  });

  it('compares the number of log lines if an earlier version stored no hash', () => {
    const known = { ...inboxRow(LOG, AT), payloadHash: null };
    expect(isSameEvent(LOG, known)).toBe(true);
    expect(isSameEvent({ ...LOG, payload: { lines: [] } }, known)).toBe(false);
  });
});
