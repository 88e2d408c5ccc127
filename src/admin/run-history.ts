import type { Instant } from '../clock/clock';
import { type Run, RUN_STATUSES, type RunStatus } from '../runs/run';
import type { Page } from '../runs/run-queries';
import { type DurationText, durationOf } from './duration-text';
import { reasonWords, scopeWords, STATUS_WORDS, TRIGGER_WORDS } from './plain-words';
import { runMark, type StatusMark } from './status-mark';
import { type TimeText, timeText } from './time-text';

export interface HistoryRow {
  runId: string;
  href: string;
  startedAt: TimeText;
  mark: StatusMark;
  reason: string | null;
  scope: string;
  trigger: string;
  duration: DurationText | null;
  cells: { tone: string; label: string }[];
}

export interface RunHistory {
  filters: { label: string; href: string; isCurrent: boolean }[];
  rows: HistoryRow[];
  olderHref: string | null;
  /** Set on a page of older runs: the way back. */
  newestHref: string | null;
  emptyText: string;
}

export interface HistoryQuery {
  status: RunStatus | null;
  cursor: string | null;
}

export function runHistory(
  projectId: string,
  page: Page<Run>,
  query: HistoryQuery,
  now: Instant,
): RunHistory {
  const href = (status: RunStatus | null, cursor: string | null) => {
    const parameters = new URLSearchParams({ ...(status && { status }), ...(cursor && { cursor }) });
    return `/projects/${projectId}${parameters.size > 0 ? `?${parameters.toString()}` : ''}#run-history`;
  };
  return {
    filters: [null, ...RUN_STATUSES].map((status) => ({
      label: status === null ? 'All' : STATUS_WORDS[status],
      href: href(status, null),
      isCurrent: status === query.status,
    })),
    rows: page.items.map((run) => historyRow(run, now)),
    olderHref: page.nextCursor === null ? null : href(query.status, page.nextCursor),
    newestHref: query.cursor === null ? null : href(query.status, null),
    emptyText:
      query.status === null
        ? 'No runs yet. Press Run above to start the first one.'
        : `No run of this project is ${STATUS_WORDS[query.status].toLowerCase()}.`,
  };
}

function historyRow(run: Run, now: Instant): HistoryRow {
  return {
    runId: run.runId,
    href: `/runs/${run.runId}`,
    startedAt: timeText(run.startedAt),
    mark: runMark(run),
    reason: run.statusReason === null ? null : reasonWords(run.statusReason),
    scope: scopeWords(run.scope),
    trigger: TRIGGER_WORDS[run.triggeredBy],
    duration: durationOf(run, now),
    cells: run.steps.map(({ name, status }) => ({
      tone: status,
      label: `${name}: ${STATUS_WORDS[status].toLowerCase()}`,
    })),
  };
}
