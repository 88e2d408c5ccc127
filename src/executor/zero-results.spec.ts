import { ZeroResults } from './zero-results';

const search = (queryText: string) => ({
  queryText,
  domain: 'a.com',
  occurredAt: '2026-03-01T10:00:00.000Z',
});

describe('ZeroResults', () => {
  it('keeps searches in order', () => {
    const list = new ZeroResults();
    list.add([search('a'), search('b')]);
    list.add([search('c')]);
    expect(list.reported!.map(({ queryText }) => queryText)).toEqual(['a', 'b', 'c']);
  });

  it('differs between no list and an empty one', () => {
    const list = new ZeroResults();
    expect(list.reported).toBeNull();
    list.add([]);
    expect(list.reported).toEqual([]);
  });

  it('keeps as many as the final event can carry', () => {
    const long = new ZeroResults();
    for (let times = 0; times < 1000; times++) long.add([search('ü'.repeat(500))]);
    expect(Buffer.byteLength(JSON.stringify(long.reported))).toBeLessThan(600 * 1024);
    expect(long.reported!.length).toBeGreaterThan(400);
    const short = new ZeroResults();
    short.add(Array.from({ length: 20_000 }, () => ({ ...search(''), domain: '' })));
    // The event schema allows as many.
    expect(short.reported!.length).toBeLessThanOrEqual(10_000);
  });
});
