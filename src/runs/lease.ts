/** Without a heartbeat for this long, a worker that claimed a run has lost it. */
export const LEASE_SECONDS = 30;

/** How long a claim without a `claimId` may stay unused: its answer may never have reached the worker. */
export const UNUSED_LEASE_SECONDS = 15;

/** Tokens of lost attempts that are remembered, so that calls which those attempts issued can still be proven. */
export const MAX_PAST_LEASES = 20;
