import type { FileProblem } from '../../config-files/file-problem';
import { isTerminal } from '../../runs/run';
import type { Instant } from '../../clock/clock';
import { numberText } from '../words/number-text';
import { shortText } from '../words/short-text';
import { type ProjectTone, projectToneMark, type StatusMark } from '../words/status-mark';
import { markOf, type ProjectFacts, type ProjectRow, projectRow, type ProjectState } from './project-row';

/** By need: what runs and what failed comes first. */
export type OverviewOrder = 'need' | 'name';

/** The choice of projects to show. */
export interface OverviewChoice {
  /** Null for all states. */
  tone: ProjectTone | null;
  /** Null for all projects. */
  tag: string | null;
  order: OverviewOrder;
  /** Starts at 1. */
  page: number;
}

export const PROJECTS_PER_PAGE = 100;
const MAX_TAG_LENGTH = 50;
/** The page lists at most this many problems of configuration files. */
const MAX_LISTED_PROBLEMS = 50;

export interface OverviewPage {
  /** The projects of the requested page, in the chosen order. */
  rows: ProjectRow[];
  orders: { label: string; href: string; isCurrent: boolean }[];
  /** Null if one page shows all. */
  paging: { text: string; previousHref: string | null; nextHref: string | null } | null;
  /** Counts such as "8 projects: 3 running, 1 failed", most urgent first, each with its mark and a link. */
  counts: { mark: StatusMark; count: number; href: string; isCurrent: boolean }[];
  /** The text in the browser tab: "● 3 running"; null if no project is urgent. */
  headline: string | null;
  /** The word of the chosen state; null if all are shown. */
  chosen: string | null;
  tag: string | null;
  /** The address of all states. */
  allHref: string;
  hasProjects: boolean;
  /** Whether a project on the page has a next start. */
  hasSchedules: boolean;
  /** Whether a project on the page has a result, metrics or a quota. */
  hasFigures: boolean;
  problems: { file: string; line: number | null; reason: string; keepsEarlier: boolean }[];
  /** The number of problems beyond the limit; null for none. */
  moreProblems: string | null;
  /** The number of this page, starting at 1. */
  page: number;
  /** The address of this page, for a reload. */
  href: string;
  pollSeconds: number;
}

/**
 * Returns the projects of the requested page, or of the last page if the number is too high.
 * @param projects by name
 */
export function projectsOnPage<State extends ProjectState>(
  projects: State[],
  { tone, order, page }: OverviewChoice,
): { shown: State[]; from: number; total: number } {
  const ofTone = tone === null ? projects : projects.filter((state) => markOf(state).tone === tone);
  const chosen = order === 'name' ? ofTone : ofTone.toSorted((one, other) => needOf(one) - needOf(other));
  const lastPage = Math.max(1, Math.ceil(chosen.length / PROJECTS_PER_PAGE));
  const from = (Math.min(page, lastPage) - 1) * PROJECTS_PER_PAGE;
  return { shown: chosen.slice(from, from + PROJECTS_PER_PAGE), from, total: chosen.length };
}

/**
 * @param states of all projects, for the counts
 * @param facts of the projects on the page
 * @param problems with paths for display
 */
export function overviewPage(
  states: ProjectState[],
  facts: ProjectFacts[],
  problems: FileProblem[],
  choice: OverviewChoice,
  now: Instant,
): OverviewPage {
  const { tone } = choice;
  const counts = countsOf(states, choice);
  const { from, total } = projectsOnPage(states, choice);
  const page = from / PROJECTS_PER_PAGE + 1;
  const rows = facts.map((project) => projectRow(project, tone !== null, now));
  const hasSchedules = rows.some(({ nextStart }) => nextStart !== null);
  return {
    rows,
    hasSchedules,
    hasFigures: rows.some(
      ({ metrics, result, quota }) => metrics.length > 0 || result !== null || quota !== null,
    ),
    orders: ORDERS.map(({ order, label }) => ({
      label,
      href: orderHref(order, choice),
      isCurrent: order === choice.order,
    })),
    paging: pagingOf({ ...choice, page }, from, facts.length, total),
    counts,
    headline: headlineOf(counts),
    chosen: tone && projectToneMark(tone).word,
    tag: choice.tag,
    allHref: overviewHref('/', { ...choice, tone: null, page: 1 }),
    hasProjects: states.length > 0 || choice.tag !== null,
    problems: problems.slice(0, MAX_LISTED_PROBLEMS).map(({ file, line, reason, keepsEarlier = false }) => ({
      ...{ file, line, keepsEarlier },
      reason: shortText(reason, 500),
    })),
    moreProblems:
      problems.length > MAX_LISTED_PROBLEMS ? numberText(problems.length - MAX_LISTED_PROBLEMS) : null,
    page,
    href: overviewHref('/', { ...choice, page }),
    pollSeconds: states.some(({ run }) => run !== null && !isTerminal(run)) ? 2 : 10,
  };
}

function pagingOf(
  choice: OverviewChoice,
  from: number,
  shown: number,
  total: number,
): OverviewPage['paging'] {
  const { page } = choice;
  if (total <= PROJECTS_PER_PAGE) return null;
  return {
    text: `${numberText(from + 1)} to ${numberText(from + shown)} of ${numberText(total)}`,
    previousHref: page === 1 ? null : overviewHref('/', { ...choice, page: page - 1 }),
    nextHref: from + shown < total ? overviewHref('/', { ...choice, page: page + 1 }) : null,
  };
}

/** @param path of the overview or of its changing part */
export function overviewHref(path: '/' | '/state', { tone, tag, page }: OverviewChoice): string {
  const query = new URLSearchParams();
  if (tone !== null) query.set('state', tone);
  if (tag !== null) query.set('tag', tag);
  if (page > 1) query.set('page', String(page));
  return query.size === 0 ? path : `${path}?${query.toString()}`;
}

/** Returns the address that chooses an order. The server remembers it for this reader. */
function orderHref(order: OverviewOrder, choice: OverviewChoice): string {
  const href = overviewHref('/', { ...choice, page: 1 });
  return `${href}${href.includes('?') ? '&' : '?'}order=${order}`;
}

/** The states of a project, most urgent first. */
const TONES: ProjectTone[] = ['running', 'failed', 'partial', 'outdated', 'cancelled', 'completed', 'never'];
/** The states that come first. All others are sorted by name. */
const NEEDY = 4;
const ORDERS: { order: OverviewOrder; label: string }[] = [
  { order: 'need', label: 'By need' },
  { order: 'name', label: 'By name' },
];
const URGENT: StatusMark['tone'][] = ['running', 'failed'];

/** Returns the state in the address; null for all. */
export function chosenTone(asked: unknown): ProjectTone | null {
  return TONES.find((tone) => tone === asked) ?? null;
}

function needOf(state: ProjectState): number {
  const place = TONES.indexOf(markOf(state).tone as ProjectTone);
  return Math.min(place, NEEDY);
}

/** Returns the order in an address or a cookie. */
export function chosenOrder(asked: unknown): OverviewOrder | null {
  return ORDERS.find(({ order }) => order === asked)?.order ?? null;
}

/** Returns the tag in the address; null for all projects. */
export function chosenTag(asked: unknown): string | null {
  return typeof asked === 'string' && asked !== '' ? asked.slice(0, MAX_TAG_LENGTH) : null;
}

/** Returns the projects with the chosen tag; all without one. */
export function withTag<State extends ProjectState>(projects: State[], { tag }: OverviewChoice): State[] {
  return tag === null ? projects : projects.filter(({ project }) => project.definition.tags.includes(tag));
}

/** Returns the page number in the address; 1 if there is none. */
export function chosenPage(asked: unknown): number {
  return typeof asked === 'string' && /^[1-9]\d{0,5}$/.test(asked) ? Number(asked) : 1;
}

/** Omits states without projects, except for the chosen one, so that the choice stays visible. */
function countsOf(states: ProjectState[], choice: OverviewChoice): OverviewPage['counts'] {
  const tones = states.map((state) => markOf(state).tone);
  return TONES.flatMap((tone) => {
    const count = tones.filter((each) => each === tone).length;
    const isCurrent = tone === choice.tone;
    return count === 0 && !isCurrent
      ? []
      : [
          {
            mark: projectToneMark(tone),
            count,
            href: overviewHref('/', { ...choice, tone, page: 1 }),
            isCurrent,
          },
        ];
  });
}

function headlineOf(counts: OverviewPage['counts']): string | null {
  const urgent = counts.find(({ mark, count }) => count > 0 && URGENT.includes(mark.tone));
  return urgent ? `${urgent.mark.icon} ${urgent.count} ${urgent.mark.word.toLowerCase()}` : null;
}
