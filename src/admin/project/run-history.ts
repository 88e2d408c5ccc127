import type { Instant } from '../../clock/clock';
import { type Run, RUN_STATUSES, type RunStatus, TRIGGER_KINDS } from '../../runs/run';
import type { HistoryPage, HistoryPlace, StatusCount } from '../../history/run-history.repository';
import { type DurationText, durationOf } from '../words/duration-text';
import { historyHref, type HistoryQuery, isFiltered, type Period, WHOLE_HISTORY } from './history-query';
import { shownParams } from '../../runs/shown-params';
import { shownStarter } from '../../runs/shown-starter';
import { metricsInShort, paramsInShort } from '../words/in-short';
import { numberText } from '../words/number-text';
import { numberSign } from '../words/run-words';
import { scopeWords, STATUS_WORDS, TRIGGER_WORDS, TRIGGERED_WORDS } from '../words/status-words';
import { endReason } from '../run/run-footer';
import { runMark, type StatusMark } from '../words/status-mark';
import { stepCells, type StepCells, stepColumns } from '../run/step-cells';
import { type SkippedRow, skippedRows, type SkippedStarts } from './skipped-starts';
import { timeTextWithSeconds, type TimeText, timeTextOrNull } from '../words/time-text';

export interface HistoryRow {
  /** The due times without a run between this run and the next newer one. */
  skipped: SkippedRow[];
  runId: string;
  /** "#14" */
  number: string;
  href: string;
  /** Addresses that show the run at the foot of this page: as a whole page, and as the changing part. */
  selectHref: string;
  selectStateHref: string;
  isSelected: boolean;
  startedAt: TimeText;
  mark: StatusMark;
  reason: string | null;
  scope: string;
  /** Params and metrics, shortened. */
  params: string | null;
  metrics: string | null;
  trigger: string;
  /** The schedule or the user that started the run, with the address of all its runs. */
  starter: { name: string; href: string } | null;
  duration: DurationText | null;
  stepCells: StepCells;
}

export interface RunHistory {
  tabs: { id: string; label: string; count: string; href: string; isCurrent: boolean }[];
  fields: HistoryFields;
  /** The active filters, each with the address without it. */
  chips: { label: string; href: string }[];
  clearHref: string | null;
  columns: string[];
  rows: HistoryRow[];
  /** The due times without a run that are older than all runs of the page. */
  skipped: SkippedRow[];
  hasRows: boolean;
  /** The address of all records of due times; null if the page shows all of its time. */
  allSkippedHref: string | null;
  newestHref: string | null;
  newerHref: string | null;
  olderHref: string | null;
  /** Set if the search stopped before the page was full; `olderHref` or `newerHref` continues there. */
  searchedBackTo: TimeText | null;
  emptyText: string;
}

interface Choice {
  value: string;
  label: string;
  isSelected: boolean;
}

export interface HistoryFields {
  action: string;
  status: string | null;
  scopes: Choice[];
  triggers: Choice[];
  starter: string;
  periods: Choice[];
  from: string;
  to: string;
  hasDays: boolean;
  zone: string;
  search: string;
}

export interface HistoryFacts {
  projectId: string;
  /** The steps of the current pipeline. */
  stepNames: string[];
  scopes: string[];
  /** The metrics listed in the project file. */
  metricNames: string[];
  isDisabled: boolean;
  page: HistoryPage;
  counts: Record<RunStatus, StatusCount>;
  skipped: SkippedStarts;
  query: HistoryQuery;
}

const PERIOD_WORDS: Record<Period, string> = {
  '24h': 'Last 24 hours',
  '7d': 'Last 7 days',
  '30d': 'Last 30 days',
};
/** Capped counts above this are shown as this number and "+". */
const COUNTED_UP_TO = 10_000;

export function runHistory(facts: HistoryFacts, now: Instant): RunHistory {
  const { projectId, stepNames, metricNames, page, counts, skipped, query } = facts;
  const href = (change: Partial<HistoryQuery>) => {
    return `${historyHref(`/projects/${projectId}`, { ...query, place: null, ...change })}#run-history`;
  };
  const at = (direction: HistoryPlace['direction'], runId: string | null) =>
    runId === null ? null : href({ place: { direction, runId } });
  const columns = stepColumns(stepNames, page.items);
  const skippedAt = skippedRows(page.items, skipped.records);
  return {
    tabs: [null, ...RUN_STATUSES].map((status) => ({
      id: `tab-${status ?? 'all'}`,
      label: status === null ? 'All' : STATUS_WORDS[status],
      count: countText(status === null ? sumOf(Object.values(counts)) : counts[status]),
      href: href({ status }),
      isCurrent: status === query.status,
    })),
    fields: historyFields(facts),
    chips: chipsOf(query).map(({ label, without }) => ({ label, href: href(without) })),
    clearHref: isFiltered(query) ? href({ ...WHOLE_HISTORY, run: query.run }) : null,
    columns,
    rows: page.items.map((run, index) => {
      const selected = { ...query, run: run.runId };
      return {
        skipped: skippedAt[index]!,
        ...historyRow(run, columns, metricNames, now),
        selectHref: `${historyHref(`/projects/${projectId}`, selected)}#detail-footer`,
        selectStateHref: historyHref(`/projects/${projectId}/state`, selected),
        isSelected: run.runId === query.run,
        starter: starterOf(run, (triggeredByName) => href({ triggeredByName })),
      };
    }),
    skipped: skippedAt.at(-1)!,
    hasRows: page.items.length > 0 || skipped.records.length > 0,
    allSkippedHref: skipped.isCut ? `/api/projects/${projectId}/schedule/records` : null,
    newestHref: query.place === null ? null : href({}),
    newerHref: at('newer', page.newerThan),
    olderHref: at('older', page.olderThan),
    searchedBackTo: timeTextOrNull(page.searchedBackTo),
    emptyText: emptyText(facts),
  };
}

function starterOf(run: Run, hrefOf: (name: string) => string): HistoryRow['starter'] {
  const name = shownStarter(run);
  return name === null ? null : { name, href: hrefOf(name) };
}

function historyRow(run: Run, columns: string[], metricNames: string[], now: Instant) {
  return {
    runId: run.runId,
    number: numberSign(run),
    href: `/runs/${run.runId}`,
    startedAt: timeTextWithSeconds(run.startedAt),
    mark: runMark(run),
    reason: endReason(run) || null,
    scope: scopeWords(run.scope),
    params: paramsInShort(shownParams(run)),
    metrics: metricsInShort(run.metrics, metricNames),
    trigger: TRIGGER_WORDS[run.triggeredBy],
    duration: durationOf(run, now),
    stepCells: stepCells(run, columns, now),
  };
}

function historyFields({ projectId, scopes, query }: HistoryFacts): HistoryFields {
  const choice = (value: string, label: string, chosen: string | null): Choice => ({
    value,
    label,
    isSelected: value === (chosen ?? ''),
  });
  // The filter may name a scope that the project no longer has.
  const known = query.scope === null || scopes.includes(query.scope) ? scopes : [...scopes, query.scope];
  return {
    action: `/projects/${projectId}`,
    status: query.status,
    scopes: [
      choice('', 'All scopes', query.scope),
      ...known.map((s) => choice(s, scopeWords(s), query.scope)),
    ],
    triggers: [
      choice('', 'All triggers', query.triggeredBy),
      ...TRIGGER_KINDS.map((kind) => choice(kind, TRIGGER_WORDS[kind], query.triggeredBy)),
    ],
    starter: query.triggeredByName ?? '',
    periods: [
      choice('', 'Any time', query.period),
      ...Object.entries(PERIOD_WORDS).map(([value, label]) => choice(value, label, query.period)),
    ],
    from: query.from ?? '',
    to: query.to ?? '',
    hasDays: query.from !== null || query.to !== null,
    zone: query.zone,
    search: query.search ?? '',
  };
}

function chipsOf(query: HistoryQuery): { label: string; without: Partial<HistoryQuery> }[] {
  const { scope, triggeredBy, triggeredByName, period, from, to, zone, search } = query;
  return [
    ...(scope === null ? [] : [{ label: scopeWords(scope), without: { scope: null } }]),
    ...(triggeredBy === null
      ? []
      : [{ label: `Trigger: ${TRIGGER_WORDS[triggeredBy]}`, without: { triggeredBy: null } }]),
    ...(triggeredByName === null
      ? []
      : [{ label: `Started by ${triggeredByName}`, without: { triggeredByName: null } }]),
    ...(period === null ? [] : [{ label: PERIOD_WORDS[period], without: { period: null } }]),
    ...(from === null ? [] : [{ label: `From ${from} (${zone})`, without: { from: null } }]),
    ...(to === null ? [] : [{ label: `To ${to} (${zone})`, without: { to: null } }]),
    ...(search === null ? [] : [{ label: `“${search}”`, without: { search: null } }]),
  ];
}

function emptyText({ query, isDisabled, page: { searchedBackTo } }: HistoryFacts): string {
  if (!isFiltered(query)) {
    if (query.place !== null) return 'No more runs in this direction.';
    return isDisabled ? 'No runs yet.' : 'No runs yet. Press Run above to start the first one.';
  }
  if (query.from !== null && query.to !== null && query.from > query.to)
    return 'The From day is after the To day, so no run matches.';
  const status = query.status === null ? 'No run' : `No ${STATUS_WORDS[query.status].toLowerCase()} run`;
  const scope = query.scope === null ? '' : ` of scope ${query.scope}`;
  const trigger = query.triggeredBy === null ? '' : ` ${TRIGGERED_WORDS[query.triggeredBy]}`;
  const starter = query.triggeredByName === null ? '' : ` started by ${query.triggeredByName}`;
  const search = query.search === null ? '' : ` with “${query.search}”`;
  const isTimed = query.period !== null || query.from !== null || query.to !== null;
  const time = searchedBackTo !== null ? ' so far' : isTimed ? ' in this period' : '';
  return `${status}${scope}${trigger}${starter}${search}${time}.`;
}

function sumOf(counts: StatusCount[]): StatusCount {
  return {
    count: counts.reduce((sum, { count }) => sum + count, 0),
    isCapped: counts.some(({ isCapped }) => isCapped),
  };
}

/** Returns "240" or "10,000+". */
function countText({ count, isCapped }: StatusCount): string {
  return isCapped ? `${numberText(Math.min(count, COUNTED_UP_TO))}+` : numberText(count);
}
