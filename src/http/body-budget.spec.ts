import { BodyBudget } from './body-budget';

describe('the budget for bodies', () => {
  it('gives no more than there is, and takes each share back once', () => {
    const budget = new BodyBudget(10);
    const first = budget.take(6);
    expect(first).not.toBeNull();
    expect(budget.take(5)).toBeNull();
    expect(budget.take(4)).not.toBeNull();
    first!.release();
    first!.release();
    expect(budget.take(6)).not.toBeNull();
    expect(budget.take(1)).toBeNull();
  });
});
