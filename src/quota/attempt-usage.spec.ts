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

describe('the calls of an attempt', () => {
  it.each<[string, CallReport[], number]>([
    ['none', [], 0],
    ['reported as they are issued', [more(1), more(2), more(3)], 6],
    ['reported at the end alone', [total(7)], 7],
    ['reported on the way and as a total', [more(1), more(2), total(3)], 3],
    ['reported in part on the way', [more(1), more(2), total(5)], 5],
    ['reported as less than they were', [more(4), more(2), total(5)], 6],
    ['reported as a total twice', [more(1), total(5), total(5)], 5],
  ])('%s, count the same in every order', (_what, reports, used) => {
    for (const order of orders(reports)) expect(usedAfter(...order)).toBe(used);
  });
});

describe('an event', () => {
  const event = (eventType: string, payload: object) => ({ eventType, payload }) as RunEvent;
  it.each<[string, RunEvent, CallReport | null]>([
    ['progress', event('run.progress', { quotaUsed: 2 }), more(2)],
    ['progress without calls', event('run.progress', { current: 1 }), null],
    ['progress with none', event('run.progress', { quotaUsed: 0 }), null],
    ['the end', event('run.completed', { issuedCalls: 9 }), total(9)],
    ['the end without a word of it', event('run.completed', {}), null],
    ['a failure', event('run.failed', { errorCode: 'E', message: 'm' }), null],
    ['nonsense', event('run.progress', { quotaUsed: 2 ** 53 }), more(1_000_000_000)],
  ])('that is %s tells %j', (_what, given, told) => expect(callsIn(given)).toEqual(told));
});
