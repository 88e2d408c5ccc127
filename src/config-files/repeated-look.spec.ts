import { RepeatedLook } from './repeated-look';

/** A check that ends when the test ends it. */
class HeldLook {
  readonly ends: (() => void)[] = [];
  readonly looks = new RepeatedLook(() => new Promise<void>((resolve) => this.ends.push(resolve)));
}

const turn = () => new Promise((next) => setImmediate(next));

it('shares the next look among all calls that come during one, and never looks twice at a time', async () => {
  const { ends, looks } = new HeldLook();
  const order: string[] = [];
  const first = looks.now().then(() => order.push('first'));
  const later = [1, 2, 3].map(() => looks.now().then(() => order.push('later')));
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

it('looks again without being asked, until it is closed', async () => {
  let count = 0;
  let again: () => void = () => undefined;
  const repeated = new Promise<void>((resolve) => (again = resolve));
  const looks = new RepeatedLook(async () => {
    count++;
    if (count === 2) again();
  });
  await looks.open();
  expect(count).toBe(1);
  await repeated;
  await looks.close();
  expect(count).toBe(2);
});

it('waits for the look that is under way when it is closed', async () => {
  const { ends, looks } = new HeldLook();
  void looks.open();
  let isClosed = false;
  const closed = looks.close().then(() => (isClosed = true));
  await turn();
  expect(isClosed).toBe(false);
  ends[0]!();
  await closed;
});
