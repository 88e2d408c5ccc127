import { BodyBudget } from './body-budget';

describe('BodyBudget', () => {
  it('never exceeds its total, and takes each share back once', () => {
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
