import type { RunEvent } from '../events/run-event';
import { type CallReport, callsIn, NOTHING_USED, withCalls } from './attempt-usage';

const more = (calls: number): CallReport => ({ kind: 'more', calls });
const total = (calls: number): CallReport => ({ kind: 'total', calls });
const usedAfter = (...reports: CallReport[]) => reports.reduce(withCalls, NOTHING_USED).used;

/** Returns all permutations. */
function orders<Item>(items: Item[]): Item[][] {
  if (items.length < 2) return [items];
  return items.flatMap((item, index) => orders(items.toSpliced(index, 1)).map((rest) => [item, ...rest]));
}

describe('withCalls', () => {
  it.each<[string, CallReport[], number]>([
    ['none', [], 0],
    ['reported as they are issued', [more(1), more(2), more(3)], 6],
    ['reported at the end alone', [total(7)], 7],
    ['reported individually and as a total', [more(1), more(2), total(3)], 3],
    ['reported partly before the total', [more(1), more(2), total(5)], 5],
    ['reported with a total that is too low', [more(4), more(2), total(5)], 6],
    ['reported as a total twice', [more(1), total(5), total(5)], 5],
  ])('counts calls independent of report order: %s', (_what, reports, used) => {
    for (const order of orders(reports)) expect(usedAfter(...order)).toBe(used);
  });
});

describe('callsIn', () => {
  const event = (eventType: string, payload: object) => ({ eventType, payload }) as RunEvent;
  it.each<[string, RunEvent, CallReport | null]>([
    ['progress with calls', event('run.progress', { quotaUsed: 2 }), more(2)],
    ['progress without calls', event('run.progress', { current: 1 }), null],
    ['progress with zero calls', event('run.progress', { quotaUsed: 0 }), more(0)],
    ['a completion with calls', event('run.completed', { issuedCalls: 9 }), total(9)],
    ['a completion without calls', event('run.completed', {}), null],
    ['a failure', event('run.failed', { errorCode: 'E', message: 'm' }), null],
    ['an excessive number of calls', event('run.progress', { quotaUsed: 2 ** 53 }), more(1_000_000_000)],
  ])('reads %s as %j', (_what, given, told) => expect(callsIn(given)).toEqual(told));
});
