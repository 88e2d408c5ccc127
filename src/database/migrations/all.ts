import { FirstTables1700000000001 } from './1-first-tables';

/** In order. A new one is added at the end; one that was ever released is never changed. */
export const MIGRATIONS = [FirstTables1700000000001];
