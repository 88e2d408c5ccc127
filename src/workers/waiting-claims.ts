import { JobatoError } from '../http/problem-catalogue';
import type { WaitingClaim } from './waiting-claim';

/** Limit of all waiting claims. Each holds a connection and a list of projects. */
const MAX_CLAIMS = 1000;
/** Limit for one worker. A worker with more free slots can claim runs one after the other. */
const MAX_CLAIMS_OF_WORKER = 20;
const RETRY_AFTER_SECONDS = 5;

/** The claims that wait for a run, in order of arrival. */
export class WaitingClaims {
  private readonly claims = new Set<WaitingClaim>();
  private readonly byClaimId = new Map<string, WaitingClaim>();

  get size(): number {
    return this.claims.size;
  }

  open(): WaitingClaim[] {
    return [...this.claims].filter(({ isOpen }) => isOpen);
  }

  find(claimId: string): WaitingClaim | null {
    return this.byClaimId.get(claimId) ?? null;
  }

  /**
   * Adds a claim. If its worker has too many claims, the oldest is answered without a run: its connection is probably
   * closed.
   * @throws JobatoError SERVER_BUSY
   */
  add(claim: WaitingClaim): void {
    if (this.claims.size >= MAX_CLAIMS) {
      claim.abandon();
      throw new JobatoError(
        'SERVER_BUSY',
        `${MAX_CLAIMS} claims are already waiting for runs. Try again in ${RETRY_AFTER_SECONDS} s.`,
        { retryAfterSeconds: RETRY_AFTER_SECONDS },
      );
    }
    const ofWorker = [...this.claims].filter(({ workerId, isOpen }) => isOpen && workerId === claim.workerId);
    if (ofWorker.length >= MAX_CLAIMS_OF_WORKER) ofWorker[0]!.endWaiting();
    this.claims.add(claim);
    if (claim.claimId !== null) this.byClaimId.set(claim.claimId, claim);
  }

  remove(claim: WaitingClaim): void {
    this.claims.delete(claim);
    if (claim.claimId !== null && this.find(claim.claimId) === claim) this.byClaimId.delete(claim.claimId);
  }
}
