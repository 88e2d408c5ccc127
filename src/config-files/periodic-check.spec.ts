import { PeriodicCheck } from './periodic-check';

/** A check that ends when the test ends it. */
class HeldCheck {
  readonly ends: (() => void)[] = [];
  readonly checks = new PeriodicCheck(() => new Promise<void>((resolve) => this.ends.push(resolve)));
}

const turn = () => new Promise((next) => setImmediate(next));

it('shares the next check among all calls made during one, and never runs two at a time', async () => {
  const { ends, checks } = new HeldCheck();
  const order: string[] = [];
  const first = checks.now().then(() => order.push('first'));
  const later = [1, 2, 3].map(() => checks.now().then(() => order.push('later')));
  await turn();
  expect(ends).toHaveLength(1);
  ends[0]!();
  await first;
  await turn();
  expect(order).toEqual(['first']); // the others were called after it had begun
  expect(ends).toHaveLength(2);
  ends[1]!();
  await Promise.all(later);
  expect(order).toEqual(['first', 'later', 'later', 'later']);
  expect(ends).toHaveLength(2);
});

it('repeats the check until it is closed', async () => {
  let count = 0;
  let again: () => void = () => undefined;
  const repeated = new Promise<void>((resolve) => (again = resolve));
  const checks = new PeriodicCheck(async () => {
    count++;
    if (count === 2) again();
  });
  await checks.open();
  expect(count).toBe(1);
  await repeated;
  await checks.close();
  expect(count).toBe(2);
});

it('waits for the running check when it is closed', async () => {
  const { ends, checks } = new HeldCheck();
  void checks.open();
  let isClosed = false;
  const closed = checks.close().then(() => (isClosed = true));
  await turn();
  expect(isClosed).toBe(false);
  ends[0]!();
  await closed;
});
