import { lowestRunIdAt } from '../runs/run-id';
import type { Run } from '../runs/run';
import type { KeepLimits } from './keep-limits';

const DAY_MS = 24 * 60 * 60 * 1000;

/** What goes: the whole run, or only a part of it. */
export const PARTS = ['run', 'logs', 'artifacts'] as const;
export type Part = (typeof PARTS)[number];

/** The facts about a run that the rule needs. */
export type RuledRun = Pick<Run, 'runId' | 'status' | 'pinned'> & { hasKeptResult: boolean };

/**
 * For each part the run id before which it goes; null if it never goes. The order of ids is the order of starts, so one
 * id stands for all limits.
 */
export type Boundaries = Record<Part, string | null>;

/**
 * Returns the boundaries of a project. Pure.
 * @param nthNewest the run that is the last of the newest `limits.runs`; null if the project has fewer
 */
export function boundariesOf(limits: KeepLimits, nthNewest: string | null, nowMs: number): Boundaries {
  const byAge = (days: number | null) => (days === null ? null : lowestRunIdAt(nowMs - days * DAY_MS));
  return {
    run: later(byAge(limits.days), limits.runs === null ? null : nthNewest),
    logs: byAge(limits.logsDays),
    artifacts: byAge(limits.artifactsDays),
  };
}

/**
 * Returns the range of ids in which runs go, or lose a part; null if there is none. Logs and files of runs that go as a
 * whole are not counted twice. Pure.
 */
export function stretchOf(boundaries: Boundaries, part: Part): { after: string; before: string } | null {
  const before = boundaries[part];
  const after = part === 'run' || boundaries.run === null ? '' : idBelow(boundaries.run);
  return before === null || after >= before ? null : { after, before };
}

/**
 * Returns the runs of a project that go, or that lose a part. It is the rule in plain words: the queries in
 * retention.repository.ts select the same runs. Pure.
 * @param runs all runs of the project, newest first
 */
export function runsThatGo<Ruled extends RuledRun>(
  runs: readonly Ruled[],
  part: Part,
  limits: KeepLimits,
  nowMs: number,
): Ruled[] {
  const nthNewest = limits.runs === null ? undefined : runs[limits.runs - 1];
  const stretch = stretchOf(boundariesOf(limits, nthNewest?.runId ?? null, nowMs), part);
  if (stretch === null) return [];
  const staying = new Set([
    runs[0],
    runs.find(({ status }) => status === 'completed'),
    // The reason of a failure is in its log.
    ...(part === 'logs' ? [runs.find(({ status }) => status === 'failed')] : []),
  ]);
  return runs.filter(
    (run) =>
      run.runId > stretch.after &&
      run.runId < stretch.before &&
      run.status !== 'running' &&
      run.pinned === 0 &&
      !run.hasKeptResult &&
      !staying.has(run),
  );
}

function later(one: string | null, other: string | null): string | null {
  if (one === null || other === null) return one ?? other;
  return one > other ? one : other;
}

/** Returns the largest id below this one. */
function idBelow(runId: string): string {
  const hex = (BigInt(`0x${runId.replaceAll('-', '')}`) - 1n).toString(16).padStart(32, '0');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
