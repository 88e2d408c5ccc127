import { validate as isUuid } from 'uuid';
import { RUN_STATUSES, type RunStatus, TRIGGER_KINDS, type TriggeredBy } from '../../runs/run';
import type { HistoryFilter } from '../../history/history-filter';
import type { HistoryPlace } from '../../history/run-history.repository';
import { dayOrNull, endOfDayMs, startOfDayMs, UTC, zoneOr } from '../page/day-range';
import { textOrNull } from '../page/form-answers';

/** The length of each period in days. */
export const PERIODS = { '24h': 1, '7d': 7, '30d': 30 } as const;
export type Period = keyof typeof PERIODS;

/** The filter of the history. The address contains all of it, so that a shared link shows the same runs. */
export interface HistoryQuery {
  status: RunStatus | null;
  scope: string | null;
  triggeredBy: TriggeredBy | null;
  /** The exact name of the schedule or the user. */
  triggeredByName: string | null;
  period: Period | null;
  /** Days in `zone`, both inclusive; ignored if a period is set. */
  from: string | null;
  to: string | null;
  zone: string;
  search: string | null;
  place: HistoryPlace | null;
  /** The run selected for the foot of the page. */
  run: string | null;
}

export const WHOLE_HISTORY: HistoryQuery = {
  status: null,
  scope: null,
  triggeredBy: null,
  triggeredByName: null,
  period: null,
  from: null,
  to: null,
  zone: UTC,
  search: null,
  place: null,
  run: null,
};

const MAX_TEXT = 200;
const DAY_MS = 24 * 60 * 60 * 1000;

/** Ignores invalid parameters, so that an old link still opens the page. */
export function historyQuery(address: Record<string, unknown>): HistoryQuery {
  const text = (name: string) => textOrNull(address[name])?.trim().slice(0, MAX_TEXT) || null;
  const runId = (name: string) => {
    const id = text(name);
    return id !== null && isUuid(id) ? id.toLowerCase() : null;
  };
  const [older, newer] = [runId('before'), runId('after')];
  const period = (Object.keys(PERIODS) as Period[]).find((each) => each === address.period) ?? null;
  const [from, to] = period === null ? [dayOrNull(text('from')), dayOrNull(text('to'))] : [null, null];
  return {
    status: RUN_STATUSES.find((status) => status === address.status) ?? null,
    scope: text('scope'),
    triggeredBy: TRIGGER_KINDS.find((kind) => kind === address.triggeredBy) ?? null,
    triggeredByName: text('triggeredByName'),
    period,
    from,
    to,
    zone: from === null && to === null ? UTC : zoneOr(text('zone')),
    search: text('search'),
    place: older ? { direction: 'older', runId: older } : newer ? { direction: 'newer', runId: newer } : null,
    run: runId('run'),
  };
}

/** Returns the parameters of this history. */
export function historyParameters({ place, zone, ...query }: HistoryQuery): URLSearchParams {
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== null);
  const parameters = new URLSearchParams(given);
  if (zone !== UTC) parameters.set('zone', zone);
  if (place) parameters.set(place.direction === 'older' ? 'before' : 'after', place.runId);
  return parameters;
}

/** Returns the address of a project's page, or of a part of it, with this history. */
export function historyHref(path: string, query: HistoryQuery): string {
  const parameters = historyParameters(query);
  return parameters.size > 0 ? `${path}?${parameters.toString()}` : path;
}

export function historyFilter(projectId: string, query: HistoryQuery, nowMs: number): HistoryFilter {
  const { status, scope, triggeredBy, triggeredByName, period, from, to, zone, search } = query;
  const fromMs =
    period === null
      ? from === null
        ? undefined
        : startOfDayMs(from, zone)
      : wholeMinute(nowMs - PERIODS[period] * DAY_MS);
  return {
    projectId,
    ...(status !== null && { status }),
    ...(scope !== null && { scope }),
    ...(triggeredBy !== null && { triggeredBy }),
    ...(triggeredByName !== null && { triggeredByName }),
    ...(fromMs !== undefined && { fromMs }),
    ...(to !== null && { toMs: endOfDayMs(to, zone) }),
    ...(search !== null && { text: search }),
  };
}

export function isFiltered(query: HistoryQuery): boolean {
  const { status, scope, triggeredBy, triggeredByName, period, from, to, search } = query;
  return [status, scope, triggeredBy, triggeredByName, period, from, to, search].some(
    (value) => value !== null,
  );
}

/** Rounds "the last 24 hours" to minutes, so that counts can be cached for a minute. */
function wholeMinute(epochMs: number): number {
  return Math.floor(epochMs / 60_000) * 60_000;
}
