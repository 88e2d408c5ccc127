/** A table with rows that belong to one run each. */
export interface TableOfRuns {
  name: string;
  /** Key of a row within its run, for a table with many rows of a run. A portion is then a part of the rows. */
  key?: string;
  /** The column that can be large. A portion is then also limited in bytes. */
  large?: string;
  /** The log of a run: it may be removed earlier than the run. */
  isLog?: true;
}

/**
 * All tables whose rows go with their run, in the order of deletion. The end of a log goes first: a log without it takes
 * no more lines of a deleted run. `rejected_events` goes too, with its totals: see purge.repository.ts. A table that is
 * added later needs one line here; test/retention-purge.spec.ts finds those that are missing.
 */
export const TABLES_OF_A_RUN: readonly TableOfRuns[] = [
  { name: 'log_ends', isLog: true },
  { name: 'log_chunks', key: 'last_seq', large: 'lines', isLog: true },
  { name: 'applied_events', key: 'position', large: 'payload' },
  { name: 'outbox', key: 'position', large: 'payload' },
  { name: 'published_requests' },
  { name: 'run_event_counts' },
  { name: 'run_secrets' },
  { name: 'schedule_records' },
  { name: 'notification_deliveries', key: 'position' },
  { name: 'notification_conditions' },
];
