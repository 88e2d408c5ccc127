/** Seconds without a heartbeat after which a worker that claimed a run loses it. */
export const LEASE_SECONDS = 30;

/** Seconds that a claim without a `claimId` may stay unused: the response may never have reached the worker. */
export const UNUSED_LEASE_SECONDS = 15;

/** Number of lost attempts whose tokens are kept, so that calls issued in those attempts can still be verified. */
export const MAX_PAST_LEASES = 20;
