import type { Instant } from '../../clock/clock';
import type { GroupState } from '../../events/event-stream';
import type { ReportingHabit } from '../../runs/reporting-habits';
import type { Run } from '../../runs/run';
import type { Waiting } from '../../runs/waiting';
import type { WorkerView } from '../../workers/worker-list';
import { type DurationText, durationOf, growingDuration } from '../words/duration-text';
import { numberText } from '../words/plain-words';
import { progressBar } from '../run/run-steps';
import { type TimeText, timeText } from '../words/time-text';
import { type PageWords, waitingWords } from '../words/page-words';

export interface WorkersPage {
  workers: WorkerRow[];
  /** The number of rows beyond the limit; null for none. */
  moreWorkers: string | null;
  moreWaiting: string | null;
  groups: {
    name: string;
    lag: string;
    pending: string;
    /** With the time since the consumer last polled for events. */
    consumers: { name: string; pending: string; asked: DurationText }[];
  }[];
  /** Projects whose workers report without a name, and only when a run ends. */
  silent: { projectName: string; href: string; lastReport: TimeText; runHref: string }[];
  /** Queued runs with their reasons. The next one to start is last, so that no row moves under the pointer. */
  waiting: (RunAtWork & { words: PageWords[] | null; stopAction: string | null })[];
}

export interface WorkerRow {
  workerId: string;
  kind: string;
  /** Null for the embedded worker, which is part of this server. */
  lastHeard: { ago: DurationText; at: TimeText } | null;
  slots: number | null;
  runs: RunAtWork[];
  moreRuns: string | null;
}

export interface RunAtWork {
  runId: string;
  href: string;
  projectName: string;
  /** "capture: 3 of 12 (25%)" */
  detail: string | null;
  since: DurationText | null;
}

/** The maximum number of rows of each list; the API returns all. */
const SHOWN = 100;

export function workersPage(
  workers: WorkerView[],
  groups: GroupState[],
  active: Run[],
  waiting: ReadonlyMap<string, Waiting>,
  habits: ReadonlyMap<string, ReportingHabit>,
  projectName: (projectId: string) => string,
  now: Instant,
): WorkersPage {
  const atWork = (run: Run): RunAtWork => ({
    runId: run.runId,
    href: `/runs/${run.runId}`,
    projectName: projectName(run.projectId),
    detail: progressBar(run)?.text ?? null,
    since: durationOf(run, now),
  });
  const byRunId = new Map(active.map((run) => [run.runId, run]));
  const unclaimed = active
    .filter(({ claimedAt }) => claimedAt === null)
    .sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1));
  return {
    moreWorkers: moreThanShown(workers.length),
    moreWaiting: moreThanShown(unclaimed.length),
    workers: workers.slice(0, SHOWN).map(({ workerId, kind, lastHeardAt, slots, runIds }) => ({
      workerId,
      kind: kind === 'embedded' ? 'Embedded' : 'External',
      lastHeard:
        kind === 'embedded' || lastHeardAt === ''
          ? null
          : { ago: durationOf({ startedAt: lastHeardAt, endedAt: null }, now)!, at: timeText(lastHeardAt) },
      slots,
      runs: runIds
        .slice(0, SHOWN)
        .flatMap((runId) => byRunId.get(runId) ?? [])
        .map(atWork),
      moreRuns: moreThanShown(runIds.length),
    })),
    groups: groups.map(({ name, lag, pending, consumers }) => ({
      name,
      lag: numberText(lag),
      pending: numberText(pending),
      consumers: consumers.map((consumer) => ({
        name: consumer.name,
        pending: numberText(consumer.pending),
        asked: growingDuration(consumer.idleMs),
      })),
    })),
    silent: [...habits].flatMap(([projectId, { lastReport }]) =>
      lastReport === null
        ? []
        : [
            {
              projectName: projectName(projectId),
              href: `/projects/${projectId}`,
              lastReport: timeText(lastReport.at),
              runHref: `/runs/${lastReport.runId}`,
            },
          ],
    ),
    waiting: unclaimed.slice(-SHOWN).map((run) => ({
      ...atWork(run),
      words: waitingWords(run, waiting.get(run.runId) ?? null, now),
      stopAction: run.cancelRequestedAt === null ? `/runs/${run.runId}/stop` : null,
    })),
  };
}

function moreThanShown(count: number): string | null {
  return count > SHOWN ? numberText(count - SHOWN) : null;
}
