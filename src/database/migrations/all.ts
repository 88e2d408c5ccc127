import { FirstTables1700000000001 } from './1-first-tables';
import { ClaimTimeOfEachAttempt1700000000002 } from './2-claim-time-of-each-attempt';

/** In order. A new one is added at the end; one that was ever released is never changed. */
export const MIGRATIONS = [FirstTables1700000000001, ClaimTimeOfEachAttempt1700000000002];
