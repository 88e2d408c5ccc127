import { Injectable } from '@nestjs/common';
import type { Instant } from '../../clock/clock';
import { QuotaUsageRepository } from '../../quota/quota-usage.repository';
import { isTerminal, type Run, type RunStatus } from '../../runs/run';
import type { HistoryFilter } from '../../history/history-filter';
import { type PastRun, RunHistoryRepository, type StatusCount } from '../../history/run-history.repository';
import { median } from '../../runs/median';
import { Remembered } from '../page/remembered';
import { stalenessOf, SUCCESSES, type Staleness } from './staleness';
import { PAST_RUNS, type StepHistory, stepHistory } from './step-history';
import { ALIKE_RUNS } from '../../history/usual-duration';

/** The number of latest completed runs that are searched for runs of each scope. */
const COMPLETED_AMONG = 2000;
const PROJECTS = 200;
const FILTERS = 500;

export interface EndedRun {
  runId: string;
  startedAt: Instant;
  endedAt: Instant | null;
}

/** Statistics of finished runs, for estimates about the next one. */
export interface ProjectPast {
  /** The latest finished runs, newest first. */
  runs: PastRun[];
  steps: StepHistory;
  /** The latest completed runs, by scope. */
  alike: Map<string, EndedRun[]>;
  /** The typical number of calls of a run, by scope. */
  usualCalls: Map<string, number>;
  staleness: Staleness | null;
}

/**
 * Caches the past of each project until a run starts or ends. Finished runs do not change, so the newest run and
 * its status identify the whole past.
 */
@Injectable()
export class ProjectPasts {
  private readonly pasts = new Remembered<ProjectPast>(PROJECTS);
  private readonly counts = new Remembered<Record<RunStatus, StatusCount>>(FILTERS);

  constructor(
    private readonly history: RunHistoryRepository,
    private readonly usage: QuotaUsageRepository,
  ) {}

  past(projectId: string, newest: Run | null): Promise<ProjectPast> {
    return this.pasts.get(projectId, stampOf(newest), () => this.read(projectId));
  }

  /** Returns counts by status; the filter's own status is ignored. */
  countsOf(filter: HistoryFilter, newest: Run | null): Promise<Record<RunStatus, StatusCount>> {
    const key = JSON.stringify({ ...filter, status: undefined });
    return this.counts.get(key, stampOf(newest), () => this.history.counts(filter));
  }

  private async read(projectId: string): Promise<ProjectPast> {
    const [past, completed] = await Promise.all([
      this.history.past(projectId, PAST_RUNS),
      this.history.latestCompleted(projectId, COMPLETED_AMONG),
    ]);
    const byScope = latestByScope(completed);
    const successes = completed.slice(0, SUCCESSES).map(({ runId }) => runId);
    const runIds = [...new Set([...successes, ...[...byScope.values()].flat()])];
    const [times, calls] = await Promise.all([this.history.times(runIds), this.usage.usedByRuns(runIds)]);
    const runs = past.filter((run) => isTerminal(run));
    return {
      runs,
      steps: stepHistory(runs, past.length < PAST_RUNS),
      alike: mapped(byScope, (ids) => ids.map((runId) => ({ runId, ...times.get(runId)! }))),
      usualCalls: mapped(byScope, (ids) => median(ids.map((runId) => calls.get(runId) ?? 0))),
      staleness: stalenessOf(successes.flatMap((runId) => times.get(runId)?.endedAt ?? [])),
    };
  }
}

function stampOf(newest: Run | null): string {
  return newest === null ? 'none' : `${newest.runId} ${newest.status}`;
}

function latestByScope(completed: { runId: string; scope: string }[]): Map<string, string[]> {
  const byScope = new Map<string, string[]>();
  for (const { runId, scope } of completed) {
    const runIds = byScope.get(scope);
    if (!runIds) byScope.set(scope, [runId]);
    else if (runIds.length < ALIKE_RUNS) runIds.push(runId);
  }
  return byScope;
}

function mapped<Value, Result>(map: Map<string, Value>, to: (value: Value) => Result): Map<string, Result> {
  return new Map([...map].map(([key, value]) => [key, to(value)]));
}
