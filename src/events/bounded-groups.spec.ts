import { boundedGroups, MAX_CONSUMERS, MAX_GROUPS } from './bounded-groups';

const consumers = (count: number, name = (n: number) => `c${n}`) =>
  Array.from({ length: count }, (_, n) => ({ name: name(n), pending: 2, idleMs: 1000 * (count - n) }));
const group = (name: string, count = 0) => ({ name, lag: 3, pending: 2, consumers: consumers(count) });

it('keeps a small number of groups and consumers unchanged', () => {
  const groups = [group('jobato-api', 2), group('mine', MAX_CONSUMERS)];
  expect(boundedGroups(groups, ['jobato-api'])).toEqual(groups);
});

it('lists the consumers with the most recent reads, and sums up the others', () => {
  const [bounded] = boundedGroups([group('jobato-workers', 5000)], []);
  expect(bounded!.consumers).toHaveLength(MAX_CONSUMERS + 1);
  expect(bounded!.consumers[0]).toEqual({ name: 'c4999', pending: 2, idleMs: 1000 });
  expect(bounded!.consumers.at(-1)).toEqual({ name: 'other', pending: 2 * 4900, idleMs: 101_000 });
});

it('lists its own groups first, and sums up the groups beyond the limit', () => {
  const groups = [...Array.from({ length: 50 }, (_, n) => group(`g${n}`)), group('jobato-api')];
  const bounded = boundedGroups(groups, ['jobato-api']);
  expect(bounded).toHaveLength(MAX_GROUPS + 1);
  expect(bounded[0]!.name).toBe('jobato-api');
  expect(bounded.at(-1)).toEqual({ name: 'other', lag: 93, pending: 62, consumers: [] });
});

it('truncates long names', () => {
  const long = { ...group('g'.repeat(10_000)), consumers: consumers(1, () => 'c'.repeat(10_000)) };
  expect(JSON.stringify(boundedGroups([long], [])).length).toBeLessThan(600);
});
