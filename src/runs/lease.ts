/** Without a sign of life for this long, a worker that claimed a run has lost it. */
export const LEASE_SECONDS = 30;
