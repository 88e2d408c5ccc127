import { JobatoError } from '../http/problem-catalogue';
import { WaitingClaim } from './waiting-claim';
import { WaitingClaims } from './waiting-claims';

describe('WaitingClaims', () => {
  const leaving: AbortController[] = [];
  afterAll(() => {
    for (const each of leaving) each.abort();
  });

  function aClaim(
    workerId: string,
    { claimId = null as string | null, projectIds = null as string[] | null } = {},
  ) {
    leaving.push(new AbortController());
    return new WaitingClaim({
      workerId,
      claimId,
      projectIds,
      executor: null,
      waitSeconds: 60,
      signal: leaving.at(-1)!.signal,
    });
  }

  it('rejects more than 1,000 claims', () => {
    const claims = new WaitingClaims();
    const all = Array.from({ length: 1000 }, (_, index) => aClaim(`w${index}`));
    for (const claim of all) claims.add(claim);
    const refused = () => claims.add(aClaim('late'));
    expect(refused).toThrow(JobatoError);
    expect(refused).toThrow(/^1000 claims are already waiting/);
    claims.remove(all[7]!);
    expect(refused).not.toThrow();
    expect(refused).toThrow(/^1000 claims are already waiting/);
  });

  it('ends the oldest of 20 claims of the same worker when another one arrives', async () => {
    const claims = new WaitingClaims();
    const [other, ...mine] = [aClaim('other'), ...Array.from({ length: 21 }, () => aClaim('mine'))];
    for (const claim of [other, ...mine.slice(0, 20)]) {
      claims.add(claim);
      claim.wasLookedAt(() => true);
    }
    expect(claims.open()).toHaveLength(21);
    claims.add(mine[20]!);
    expect(await mine[0]!.outcome).toBeNull();
    expect(claims.open()).toEqual([other, ...mine.slice(1)]);
  });

  it('finds the latest claim with an ID', () => {
    const claims = new WaitingClaims();
    const [older, newer] = [aClaim('w', { claimId: 'id' }), aClaim('w', { claimId: 'id' })];
    claims.add(older);
    claims.add(newer);
    claims.remove(older);
    expect(claims.find('id')).toBe(newer);
    claims.remove(newer);
    expect([claims.find('id'), claims.open()]).toEqual([null, []]);
  });

  it('drops unknown project IDs after the first check', () => {
    const claim = aClaim('w', { projectIds: ['ours', 'invented'] });
    const isFor = (projectId: string) => claim.isFor({ projectId, executor: 'external' });
    expect([isFor('ours'), isFor('invented'), isFor('another')]).toEqual([true, true, false]);
    claim.wasLookedAt((projectId) => projectId === 'ours');
    expect([isFor('ours'), isFor('invented'), isFor('another')]).toEqual([true, false, false]);
  });
});
