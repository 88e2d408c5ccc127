import { QuotaShares } from './quota-shares';

const alone = () => 0;

describe('the quota of a run', () => {
  it('is absent without a quota', () => {
    const shares = new QuotaShares(null);
    expect(shares.give('a', alone)).toBeNull();
    expect(shares.mostAtOnce(4)).toBe(4);
  });

  it('belongs to a step that runs alone, less what the run has used', () => {
    const shares = new QuotaShares({ remaining: 10, concurrencyLimit: 4 });
    expect(shares.give('a', alone)).toEqual({ remaining: 10, concurrencyLimit: 4 });
    shares.count('a', 3);
    shares.end('a');
    expect(shares.give('b', alone)).toEqual({ remaining: 7, concurrencyLimit: 4 });
  });

  it('is divided among steps that may run side by side', () => {
    const shares = new QuotaShares({ remaining: 10, concurrencyLimit: 4 });
    const given = [2, 1, 0].map((peers, index) => shares.give(`s${index}`, () => peers)!);
    expect(given.map(({ remaining }) => remaining)).toEqual([3, 3, 4]);
    expect(given.reduce((sum, { concurrencyLimit }) => sum + concurrencyLimit, 0)).toBe(4);
  });

  it('takes back what a step has left', () => {
    const shares = new QuotaShares({ remaining: 10, concurrencyLimit: 4 });
    shares.give('a', () => 1);
    shares.give('b', alone);
    shares.count('a', 1);
    shares.end('a');
    expect(shares.give('c', alone)).toEqual({ remaining: 4, concurrencyLimit: 2 });
  });

  it('never becomes negative, even if a step uses more than its share', () => {
    const shares = new QuotaShares({ remaining: 2, concurrencyLimit: 1 });
    shares.give('a', alone);
    shares.count('a', 5);
    expect(shares.give('b', alone)).toEqual({ remaining: 0, concurrencyLimit: 1 });
  });

  it('allows as many steps at once as concurrent calls', () =>
    expect(new QuotaShares({ remaining: 9, concurrencyLimit: 2 }).mostAtOnce(4)).toBe(2));
});
