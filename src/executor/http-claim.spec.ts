import { claimSurely } from './http-claim';
import { ApiRefusal, type Claimed } from './worker-api';

const CLAIMED = {
  request: { runId: 'r', payload: { attempt: 2 } },
  leaseToken: 'token',
  elapsedMs: 0,
} as Claimed;

function apiOf(...answers: (Claimed | null | Error)[]) {
  const claims: unknown[][] = [];
  const claim = jest.fn(async (...args: unknown[]) => {
    claims.push(args);
    const answer = answers.shift() ?? null;
    if (answer instanceof Error) throw answer;
    return answer;
  });
  return { api: { claim, release: jest.fn().mockResolvedValue(undefined) }, claims };
}
const never = () => new AbortController().signal;

describe('claimSurely', () => {
  it('claims once if the server responds', async () => {
    const { api, claims } = apiOf(CLAIMED);
    expect(await claimSurely(api, 'p', 25, never())).toBe(CLAIMED);
    expect(claims).toEqual([[expect.any(String), ['p'], 25, expect.any(AbortSignal)]]);
  });

  it('repeats a claim that got no response with the same ID, and requests no other run', async () => {
    const { api, claims } = apiOf(new Error('socket hang up'), CLAIMED);
    expect(await claimSurely(api, null, 25, never())).toBe(CLAIMED);
    expect(claims).toEqual([
      [expect.any(String), null, 25, expect.any(AbortSignal)],
      [claims[0]![0], [], 0],
    ]);
  });

  it('treats a refusal as a response', async () => {
    const refusal = new ApiRefusal(401, 'UNAUTHORIZED', 'no');
    const { api, claims } = apiOf(refusal);
    await expect(claimSurely(api, null, 25, never())).rejects.toBe(refusal);
    expect(claims).toHaveLength(1);
  });

  it('releases a run claimed while the worker stops, even if the first response was lost', async () => {
    for (const first of [CLAIMED, new Error('aborted')]) {
      const { api } = apiOf(first, CLAIMED);
      expect(await claimSurely(api, null, 25, AbortSignal.abort())).toBeNull();
      expect(api.release.mock.calls).toEqual([
        [
          { runId: 'r', attempt: 2, leaseToken: 'token' },
          'The worker was stopped before it started the run.',
        ],
      ]);
    }
  });

  it('throws the first error if the repeated claim fails too', async () => {
    const stop = AbortSignal.abort();
    const { api } = apiOf(new Error('first'), new Error('second'));
    await expect(claimSurely(api, null, 25, stop)).rejects.toThrow('first');
  });
});
