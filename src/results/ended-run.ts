import type { RunResult } from './run-result';

/** The facts about an ended run that its result depends on. */
export interface EndedRun {
  runId: string;
  projectId: string;
  number: number;
  status: string;
  endedAt: string | null;
  result: RunResult | null;
}
