import { type Instant, toInstant } from '../../clock/clock';
import type { HistoryPage, HistoryPlace } from '../../history/run-history.repository';
import { type Run, RUN_STATUSES, TRIGGER_KINDS } from '../../runs/run';
import { errorSentences } from '../../runs/run-error';
import { shownStarter } from '../../runs/shown-starter';
import { joined, plainText } from '../../runs/text-part';
import { endReason } from '../run/run-footer';
import { type DurationText, durationOf } from '../words/duration-text';
import { numberText } from '../words/number-text';
import { numberSign } from '../words/run-words';
import { shortText } from '../words/short-text';
import { runMark, type StatusMark } from '../words/status-mark';
import { STATUS_WORDS, TRIGGER_WORDS } from '../words/status-words';
import { type TimeText, timeText, timeTextOrNull } from '../words/time-text';
import {
  ALL_RUNS,
  isFiltered,
  nightOf,
  runsHref,
  type RunsQuery,
  type TimeChoice,
  TIMES,
} from './runs-query';

export interface RunRow {
  runId: string;
  /** "#14" */
  number: string;
  href: string;
  project: { name: string; href: string };
  mark: StatusMark;
  /** The last line of the error, or the reason of the end. */
  detail: string | null;
  startedAt: TimeText;
  duration: DurationText | null;
  trigger: string;
  /** The schedule or the user that started the run. */
  starter: string | null;
  /** Without an address if the files were deleted. */
  artifacts: { name: string; href: string | null }[];
  /** The number of further artifacts; null for none. */
  moreArtifacts: string | null;
}

interface Choice {
  value: string;
  label: string;
  isSelected: boolean;
}

export interface RunsFields {
  statuses: Choice[];
  projects: Choice[];
  triggers: Choice[];
  times: Choice[];
  from: string;
  to: string;
  zone: string;
  /** True if the zone came with the address. */
  hasZone: boolean;
  search: string;
}

export interface RunsPage {
  fields: RunsFields;
  rows: RunRow[];
  /** The address of this page, for a reload. */
  href: string;
  clearHref: string | null;
  /** The chosen night, of which the form has no days. */
  night: { from: TimeText; to: TimeText } | null;
  /** Set if no row is shown: what to do next. */
  empty: { title: string; text: string | null; offersProjects: boolean } | null;
  newestHref: string | null;
  newerHref: string | null;
  olderHref: string | null;
  /** Set if the search stopped before the page was full; `olderHref` or `newerHref` continues there. */
  searchedBackTo: TimeText | null;
}

export interface RunsFacts {
  query: RunsQuery;
  page: HistoryPage;
  /** Names by project id, in the order of the pages. */
  projects: ReadonlyMap<string, string>;
  /** The last error line by run id. */
  errorLines: ReadonlyMap<string, string>;
}

const SHOWN_ARTIFACTS = 2;
const MAX_DETAIL = 300;
const TIME_WORDS: Record<TimeChoice, string> = {
  '24h': 'Last 24 h',
  night: 'Last night (18:00 to 08:00)',
  '7d': 'Last 7 days',
  range: 'Range',
};
/** Statuses that need attention, as one choice. */
const UNSUCCESSFUL = 'partial,failed';

export function runsPage(facts: RunsFacts, now: Instant): RunsPage {
  const { query, page } = facts;
  const href = (change: Partial<RunsQuery>) => runsHref('/runs', { ...query, place: null, ...change });
  const at = (direction: HistoryPlace['direction'], runId: string | null) =>
    runId === null ? null : href({ place: { direction, runId } });
  return {
    fields: fieldsOf(facts),
    rows: page.items.map((run) => runRow(run, facts, now)),
    href: runsHref('/runs', query),
    clearHref: isFiltered(query) ? runsHref('/runs', ALL_RUNS) : null,
    night: query.time === 'night' ? nightText(query, now) : null,
    empty: page.items.length > 0 ? null : emptyOf(facts),
    newestHref: query.place === null ? null : href({}),
    newerHref: at('newer', page.newerThan),
    olderHref: at('older', page.olderThan),
    searchedBackTo: timeTextOrNull(page.searchedBackTo),
  };
}

function nightText({ zone }: RunsQuery, now: Instant): NonNullable<RunsPage['night']> {
  const { fromMs, toMs } = nightOf(Date.parse(now), zone);
  // Shown as 08:00, not 07:59.
  return { from: timeText(toInstant(fromMs)), to: timeText(toInstant(toMs + 1)) };
}

function runRow(run: Run, { projects, errorLines }: RunsFacts, now: Instant): RunRow {
  const { runId, projectId, artifacts } = run;
  const more = artifacts.length - SHOWN_ARTIFACTS;
  return {
    runId,
    number: numberSign(run),
    href: `/runs/${runId}`,
    project: { name: projects.get(projectId) ?? projectId, href: `/projects/${projectId}` },
    mark: runMark(run),
    detail: detailOf(run, errorLines.get(runId)),
    startedAt: timeText(run.startedAt),
    duration: durationOf(run, now),
    trigger: TRIGGER_WORDS[run.triggeredBy],
    starter: shownStarter(run),
    artifacts: artifacts.slice(0, SHOWN_ARTIFACTS).map(({ name }) => ({
      name,
      href: run.artifactsRemovedAt === null ? `/runs/${runId}/artifacts/${encodeURIComponent(name)}` : null,
    })),
    moreArtifacts: more > 0 ? numberText(more) : null,
  };
}

function detailOf(run: Run, errorLine: string | undefined): string | null {
  if (run.status !== 'failed') return shortened(endReason(run));
  const sentences = errorSentences(run);
  return shortened(errorLine ?? (sentences && lastLineOf(plainText(joined(sentences)))) ?? endReason(run));
}

function lastLineOf(text: string): string | null {
  return (
    text
      .split('\n')
      .findLast((line) => line.trim() !== '')
      ?.trim() ?? null
  );
}

function shortened(text: string): string | null {
  return text === '' ? null : shortText(text, MAX_DETAIL);
}

function fieldsOf({ query, projects }: RunsFacts): RunsFields {
  const choices = (
    any: string,
    options: [value: string, label: string][],
    chosen: string | null,
    otherLabel = chosen,
  ): Choice[] => {
    // The address may name something that the form does not offer.
    const isKnown = chosen === null || options.some(([value]) => value === chosen);
    const all: [string, string][] = [
      ['', any],
      ...options,
      ...(isKnown ? [] : [[chosen, otherLabel!] as [string, string]]),
    ];
    return all.map(([value, label]) => ({ value, label, isSelected: value === (chosen ?? '') }));
  };
  const statuses = query.statuses.join(',') || null;
  return {
    statuses: choices(
      'Any state',
      [
        ...RUN_STATUSES.map((status): [string, string] => [status, STATUS_WORDS[status]]),
        [UNSUCCESSFUL, 'Failed or partial'],
      ],
      statuses,
      query.statuses.map((status) => STATUS_WORDS[status]).join(' or '),
    ),
    projects: choices('Any project', [...projects], query.projectId),
    triggers: choices(
      'Any trigger',
      TRIGGER_KINDS.map((kind) => [kind, TRIGGER_WORDS[kind]]),
      query.triggeredBy,
    ),
    times: choices(
      'Any time',
      TIMES.map((time) => [time, TIME_WORDS[time]]),
      query.time,
    ),
    from: query.from ?? '',
    to: query.to ?? '',
    zone: query.zone,
    hasZone: query.time === 'range' || query.time === 'night',
    search: query.search ?? '',
  };
}

function emptyOf({ query, page }: RunsFacts): RunsPage['empty'] {
  if (isFiltered(query)) {
    if (query.from !== null && query.to !== null && query.from > query.to)
      return { title: 'No runs match', text: 'The From day is after the To day.', offersProjects: false };
    const title = page.searchedBackTo === null ? 'No runs match' : 'No runs match so far';
    return { title, text: null, offersProjects: false };
  }
  if (query.place !== null) return { title: 'No more runs', text: null, offersProjects: false };
  return {
    title: 'No runs yet',
    text: 'Open a project and press Run to start the first one.',
    offersProjects: true,
  };
}
