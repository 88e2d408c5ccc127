import { type GrantedRun, WaitingClaim } from './waiting-claim';

const GRANTED = { run: { runId: 'r' } } as GrantedRun;

describe('WaitingClaim', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  function aClaim(waitSeconds: number) {
    const leaving = new AbortController();
    const claim = new WaitingClaim({
      workerId: 'w',
      claimId: null,
      projectIds: null,
      executor: null,
      waitSeconds,
      signal: leaving.signal,
    });
    let answer: unknown = 'none yet';
    claim.outcome.then(
      (given) => (answer = given),
      (error: unknown) => (answer = error),
    );
    return { claim, leave: () => leaving.abort(), answer: async () => (await Promise.resolve(), answer) };
  }

  it('resolves with a granted run', async () => {
    const { claim, answer } = aClaim(10);
    claim.give(GRANTED);
    expect([await answer(), claim.isOpen, jest.getTimerCount()]).toEqual([GRANTED, false, 0]);
  });

  it('resolves with null after its wait time', async () => {
    const { claim, answer } = aClaim(10);
    claim.wasLookedAt(() => true);
    jest.advanceTimersByTime(9_999);
    expect(await answer()).toBe('none yet');
    jest.advanceTimersByTime(1);
    expect([await answer(), claim.isOpen]).toEqual([null, false]);
  });

  it('waits for the first check even if its wait time is 0', async () => {
    const { claim, answer } = aClaim(0);
    expect([await answer(), claim.isOpen]).toEqual(['none yet', true]);
    claim.wasLookedAt(() => true);
    expect(await answer()).toBeNull();
  });

  it('stays open while a run is being claimed for it', async () => {
    const { claim, answer } = aClaim(1);
    claim.wasLookedAt(() => true);
    claim.isBeingServed = true;
    jest.advanceTimersByTime(5_000);
    expect([await answer(), claim.isOpen]).toEqual(['none yet', true]);
    claim.give(GRANTED);
    expect(await answer()).toBe(GRANTED);
  });

  it('resolves with null afterwards if it did not get the run', async () => {
    const { claim, answer } = aClaim(1);
    claim.isBeingServed = true;
    jest.advanceTimersByTime(5_000);
    claim.isBeingServed = false;
    claim.wasLookedAt(() => true);
    expect(await answer()).toBeNull();
  });

  it('closes when its worker disconnects', async () => {
    const { claim, answer, leave } = aClaim(10);
    claim.isBeingServed = true;
    leave();
    expect(claim.isOpen).toBe(false);
    claim.isBeingServed = false;
    claim.wasLookedAt(() => true);
    expect([await answer(), jest.getTimerCount()]).toEqual([null, 0]);
  });

  it('rejects with an error unless it has already resolved', async () => {
    const failing = aClaim(10);
    failing.claim.fail('no database');
    expect(await failing.answer()).toBe('no database');
    const answered = aClaim(10);
    answered.claim.give(GRANTED);
    answered.claim.fail('no database');
    expect(await answered.answer()).toBe(GRANTED);
  });
});
