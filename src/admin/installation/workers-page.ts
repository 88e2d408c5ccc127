import type { Instant } from '../../clock/clock';
import type { GroupState } from '../../events/event-stream';
import type { ReportingHabit } from '../../runs/reporting-habits';
import type { Run } from '../../runs/run';
import type { Waiting } from '../../runs/waiting';
import type { WorkerView } from '../../workers/worker-list';
import { type DurationText, durationOf, growingDuration } from '../words/duration-text';
import { numberText } from '../words/number-text';
import { progressBar } from '../run/run-steps';
import { type TimeText, timeText } from '../words/time-text';
import { type PageWords, waitingWords } from '../words/page-words';

/** A consumer that has polled within this time is not idle: each read waits a few seconds for events. */
const POLLS_WITHIN_MS = 30_000;

export interface WorkersPage {
  workers: WorkerRow[];
  /** How many rows are not shown, as text; null if all are shown. */
  moreWorkers: string | null;
  moreWaiting: string | null;
  groups: {
    name: string;
    lag: string;
    pending: string;
    /** `sinceLastPoll` is the time since the consumer last asked for events; null if it asks regularly. */
    consumers: { name: string; pending: string; sinceLastPoll: DurationText | null }[];
  }[];
  /** Projects whose workers give no name, and send a report only when a run ends. */
  reportOnlyAtEnd: { projectName: string; href: string; lastReport: TimeText; runHref: string }[];
  /**
   * Queued runs with the reason why each one waits, newest first. The run that starts next is the last row: when it leaves
   * the list, the other rows stay in place.
   */
  waiting: (RunRow & { words: PageWords[] | null; stopAction: string | null })[];
}

export interface WorkerRow {
  workerId: string;
  kind: string;
  /** Null for the embedded worker, because it is a part of this server, and for a worker that has not reported yet. */
  lastHeard: { ago: DurationText; at: TimeText } | null;
  slots: number | null;
  runs: RunRow[];
  moreRuns: string | null;
}

export interface RunRow {
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
  const runRow = (run: Run): RunRow => ({
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
    moreWorkers: hiddenCountText(workers.length),
    moreWaiting: hiddenCountText(unclaimed.length),
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
        .map(runRow),
      moreRuns: hiddenCountText(runIds.length),
    })),
    groups: groups.map(({ name, lag, pending, consumers }) => ({
      name,
      lag: numberText(lag),
      pending: numberText(pending),
      consumers: consumers.map((consumer) => ({
        name: consumer.name,
        pending: numberText(consumer.pending),
        sinceLastPoll: sinceLastPoll(consumer.idleMs, now),
      })),
    })),
    reportOnlyAtEnd: [...habits].flatMap(([projectId, { lastReport }]) =>
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
      ...runRow(run),
      words: waitingWords(run, waiting.get(run.runId) ?? null, now),
      stopAction: run.cancelRequestedAt === null ? `/runs/${run.runId}/stop` : null,
    })),
  };
}

function sinceLastPoll(idleMs: number, now: Instant): DurationText | null {
  if (idleMs < POLLS_WITHIN_MS) return null;
  const pollMs = Date.parse(now) - idleMs;
  // Rounded, because the two times are not read at the same moment.
  return growingDuration(idleMs, Math.round(pollMs / POLLS_WITHIN_MS));
}

function hiddenCountText(count: number): string | null {
  return count > SHOWN ? numberText(count - SHOWN) : null;
}
