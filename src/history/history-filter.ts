import type { RunStatus, TriggeredBy } from '../runs/run';
import type { RunSearch } from './run-search';

export interface HistoryFilter extends RunSearch {
  /** Without it, the runs of all projects. */
  projectId?: string;
  status?: RunStatus;
  /** Several statuses at once, in place of `status`. */
  statuses?: RunStatus[];
  scope?: string;
  triggeredBy?: TriggeredBy;
  triggeredByName?: string;
  number?: number;
  runId?: string;
  /** A part of the id, in lower case; only hexadecimal digits and dashes. Finds only the newest runs. */
  idPart?: string;
  /** Start time in epoch milliseconds, both ends included. */
  fromMs?: number;
  toMs?: number;
}

/** Whether the filter reads texts of runs. */
export function isByText({ text, artifact }: RunSearch): boolean {
  return text !== undefined || artifact !== undefined;
}
