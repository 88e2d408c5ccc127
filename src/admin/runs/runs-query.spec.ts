import { ALL_RUNS, isFiltered, nightOf, runsFilter, runsHref, runsQuery } from './runs-query';

const NOW_MS = Date.parse('2026-03-10T09:30:20Z');
const ID = '019ca9d6-8580-7000-8000-000000000001';
const iso = (ms?: number) => (ms === undefined ? undefined : new Date(ms).toISOString());

describe('runsQuery', () => {
  it('reads what runsHref writes', () => {
    for (const query of [
      ALL_RUNS,
      { ...ALL_RUNS, statuses: ['partial', 'failed'] as const, projectId: 'a', triggeredBy: 'api' as const },
      { ...ALL_RUNS, time: 'night' as const, zone: 'Europe/Berlin', search: 'a&b=c,d %' },
      { ...ALL_RUNS, time: 'range' as const, from: '2026-01-01', to: '2026-01-31', zone: 'Asia/Tokyo' },
      { ...ALL_RUNS, time: '24h' as const, place: { direction: 'older', runId: ID } as const },
      { ...ALL_RUNS, place: { direction: 'newer', runId: ID } as const },
    ]) {
      const { searchParams } = new URL(
        runsHref('/runs', { ...query, statuses: [...query.statuses] }),
        'http://a',
      );
      expect(runsQuery(Object.fromEntries(searchParams))).toEqual(query);
    }
  });

  it('reads an empty form as all runs', () => {
    const form = {
      q: '',
      status: '',
      projectId: '',
      triggeredBy: '',
      time: '',
      from: '',
      to: '',
      zone: 'Asia/Tokyo',
    };
    expect(runsQuery(form)).toEqual(ALL_RUNS);
    expect(isFiltered(runsQuery(form))).toBe(false);
  });

  it.each([
    { status: 'done' },
    { status: ['failed', 'partial'] },
    { triggeredBy: 'me' },
    { time: 'tomorrow' },
    { time: '24h', from: '2026-01-01', zone: 'Asia/Tokyo' },
    { from: '2026-02-30' },
    { before: 'abc' },
    { q: '   ' },
    { q: ['a', 'b'] },
  ])('ignores what is invalid in %j', (address) =>
    expect({ ...runsQuery(address), time: null }).toEqual(ALL_RUNS),
  );

  it('ignores days that the form still has from an earlier range', () => {
    expect(runsQuery({ time: '', from: '2026-01-01' })).toEqual(ALL_RUNS);
    expect(runsQuery({ from: '2026-01-01' })).toMatchObject({ time: 'range', from: '2026-01-01' });
  });

  it('cuts a long search', () => expect(runsQuery({ q: 'x'.repeat(300) }).search).toHaveLength(200));
});

describe('runsFilter', () => {
  const filterOf = (address: Record<string, unknown>) => runsFilter(runsQuery(address), NOW_MS);

  it('has one status or several', () => {
    expect(filterOf({})).toEqual({});
    expect(filterOf({ status: 'failed' })).toEqual({ status: 'failed' });
    expect(filterOf({ status: 'failed,partial' })).toEqual({ statuses: ['partial', 'failed'] });
  });

  it.each([
    [{ time: '24h' }, '2026-03-09T09:30:00.000Z', undefined],
    [{ time: '7d' }, '2026-03-03T09:30:00.000Z', undefined],
    [{ time: 'night' }, '2026-03-09T18:00:00.000Z', '2026-03-10T07:59:59.999Z'],
    [{ time: 'night', zone: 'Asia/Tokyo' }, '2026-03-09T09:00:00.000Z', '2026-03-09T22:59:59.999Z'],
    [{ time: 'range', from: '2026-03-01', zone: 'Europe/Berlin' }, '2026-02-28T23:00:00.000Z', undefined],
    [{ time: 'range', to: '2026-03-01' }, undefined, '2026-03-01T23:59:59.999Z'],
  ])('%j starts at %s and ends at %s', (address, from, to) => {
    const { fromMs, toMs } = filterOf(address);
    expect([iso(fromMs), iso(toMs)]).toEqual([from, to]);
  });
});

describe('nightOf', () => {
  it.each([
    ['is in progress in the morning', '2026-03-10T05:00:00Z', '2026-03-09T17:00', '2026-03-10T07:00'],
    ['is over in the evening', '2026-03-10T20:00:00Z', '2026-03-09T17:00', '2026-03-10T07:00'],
    [
      'is an hour shorter when clocks go forward',
      '2026-03-29T10:00:00Z',
      '2026-03-28T17:00',
      '2026-03-29T06:00',
    ],
    ['is an hour longer when clocks go back', '2026-10-25T10:00:00Z', '2026-10-24T16:00', '2026-10-25T07:00'],
  ])('%s', (_what, now, from, to) => {
    const { fromMs, toMs } = nightOf(Date.parse(now), 'Europe/Berlin');
    expect([iso(fromMs), iso(toMs + 1)]).toEqual([`${from}:00.000Z`, `${to}:00.000Z`]);
  });
});
