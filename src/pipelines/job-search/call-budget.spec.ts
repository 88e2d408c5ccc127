import { CallBudget, QuotaReached } from './call-budget';

describe('CallBudget', () => {
  it('counts each call before it is issued, and refuses calls beyond the quota', async () => {
    const order: string[] = [];
    const budget = new CallBudget(2, 1, () => order.push('counted'));
    const call = () => {
      order.push('issued');
      return Promise.resolve();
    };
    const outcomes = await Promise.allSettled([budget.issue(call), budget.issue(call), budget.issue(call)]);
    expect(order).toEqual(['counted', 'issued', 'counted', 'issued']);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect((outcomes[2] as PromiseRejectedResult).reason).toBeInstanceOf(QuotaReached);
    expect(budget.isUsedUp).toBe(true);
  });

  it('never has more simultaneous calls than allowed, also after failed calls', async () => {
    let active = 0;
    let most = 0;
    const budget = new CallBudget(null, 3, () => {});
    await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) =>
        budget.issue(async () => {
          most = Math.max(most, ++active);
          await new Promise((resolve) => setImmediate(resolve));
          active--;
          if (index % 3 === 0) throw new Error('failed');
        }),
      ),
    );
    expect(most).toBe(3);
    expect(budget.isUsedUp).toBe(false);
  });

  it('does not issue a call that could not be counted', async () => {
    let issued = 0;
    const budget = new CallBudget(5, 1, () => {
      throw new Error('The reader is gone');
    });
    await expect(budget.issue(() => Promise.resolve(issued++))).rejects.toThrow('The reader is gone');
    expect(issued).toBe(0);
  });
});
