import { BodyBudget } from './body-budget';

const KIBIBYTE = 1024;

describe('BodyBudget', () => {
  it('never exceeds its total, and takes each share back once', () => {
    const budget = new BodyBudget(100 * KIBIBYTE);
    const first = budget.take(60 * KIBIBYTE);
    expect(first).not.toBeNull();
    expect(budget.take(50 * KIBIBYTE)).toBeNull();
    expect(budget.take(40 * KIBIBYTE)).not.toBeNull();
    first!.release();
    first!.release();
    expect(budget.take(60 * KIBIBYTE)).not.toBeNull();
    expect(budget.take(17 * KIBIBYTE)).toBeNull();
  });

  it('always has room for a small body', () => {
    const budget = new BodyBudget(0);
    expect(budget.take(16 * KIBIBYTE)).not.toBeNull();
    expect(budget.take(16 * KIBIBYTE + 1)).toBeNull();
  });
});
