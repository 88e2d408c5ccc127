import { Temporal } from '@js-temporal/polyfill';
import { validate as isUuid } from 'uuid';
import type { HistoryFilter } from '../../history/history-filter';
import type { HistoryPlace } from '../../history/run-history.repository';
import { RUN_STATUSES, type RunStatus, TRIGGER_KINDS, type TriggeredBy } from '../../runs/run';
import { dayOrNull, endOfDayMs, startOfDayMs, UTC, zoneOr } from '../page/day-range';
import { textOrNull } from '../page/form-answers';

export const TIMES = ['24h', 'night', '7d', 'range'] as const;
export type TimeChoice = (typeof TIMES)[number];

/** The filter of the page. The address contains all of it, so that a shared link shows the same runs. */
export interface RunsQuery {
  /** Any of these; empty for all. In the address, separated by commas. */
  statuses: RunStatus[];
  projectId: string | null;
  triggeredBy: TriggeredBy | null;
  time: TimeChoice | null;
  /** Days of the range, both inclusive. */
  from: string | null;
  to: string | null;
  /** Of the days and of the night. */
  zone: string;
  search: string | null;
  place: HistoryPlace | null;
}

export const ALL_RUNS: RunsQuery = {
  statuses: [],
  projectId: null,
  triggeredBy: null,
  time: null,
  from: null,
  to: null,
  zone: UTC,
  search: null,
  place: null,
};

const MAX_TEXT = 200;
const HOUR_MS = 3_600_000;
const LENGTHS = { '24h': 24 * HOUR_MS, '7d': 7 * 24 * HOUR_MS };
/** The hours at which a night begins and ends. */
const [EVENING, MORNING] = [18, 8];

/** Ignores invalid parameters, so that an old link still opens the page. */
export function runsQuery(address: Record<string, unknown>): RunsQuery {
  const text = (name: string) => textOrNull(address[name])?.trim().slice(0, MAX_TEXT) || null;
  const runId = (name: string) => {
    const id = text(name);
    return id !== null && isUuid(id) ? id.toLowerCase() : null;
  };
  const statuses = text('status')?.split(',') ?? [];
  const [older, newer] = [runId('before'), runId('after')];
  const days = { from: dayOrNull(text('from')), to: dayOrNull(text('to')) };
  const time = timeIn(address, days);
  return {
    statuses: RUN_STATUSES.filter((status) => statuses.includes(status)),
    projectId: text('projectId'),
    triggeredBy: TRIGGER_KINDS.find((kind) => kind === address.triggeredBy) ?? null,
    time,
    ...(time === 'range' ? days : { from: null, to: null }),
    zone: time === 'range' || time === 'night' ? zoneOr(text('zone')) : UTC,
    search: text('q'),
    place: older ? { direction: 'older', runId: older } : newer ? { direction: 'newer', runId: newer } : null,
  };
}

/** A link with days needs no choice of time. The form always has one, also if it has days from before. */
function timeIn(
  { time }: Record<string, unknown>,
  { from, to }: Pick<RunsQuery, 'from' | 'to'>,
): TimeChoice | null {
  if (time === undefined && (from ?? to) !== null) return 'range';
  return TIMES.find((each) => each === time) ?? null;
}

/** Returns the address of the page, or of its changing part, with this filter. */
export function runsHref(path: '/runs' | '/runs/state', query: RunsQuery): string {
  const { statuses, projectId, triggeredBy, time, from, to, zone, search, place } = query;
  const parameters = new URLSearchParams();
  const set = (name: string, value: string | null) => value !== null && parameters.set(name, value);
  set('status', statuses.join(',') || null);
  set('projectId', projectId);
  set('triggeredBy', triggeredBy);
  set('time', time);
  set('from', from);
  set('to', to);
  set('zone', zone === UTC ? null : zone);
  set('q', search);
  if (place) set(place.direction === 'older' ? 'before' : 'after', place.runId);
  // A comma may stay as it is, and is easier to read.
  return parameters.size === 0 ? path : `${path}?${parameters.toString().replaceAll('%2C', ',')}`;
}

export function isFiltered({ statuses, projectId, triggeredBy, time, search }: RunsQuery): boolean {
  return statuses.length > 0 || [projectId, triggeredBy, time, search].some((value) => value !== null);
}

/** Start times in epoch milliseconds, both inclusive. */
interface Period {
  fromMs?: number;
  toMs?: number;
}

function periodOf({ time, from, to, zone }: RunsQuery, nowMs: number): Period {
  switch (time) {
    case null:
      return {};
    case 'range':
      return {
        ...(from !== null && { fromMs: startOfDayMs(from, zone) }),
        ...(to !== null && { toMs: endOfDayMs(to, zone) }),
      };
    case 'night':
      return nightOf(nowMs, zone);
    default:
      // Whole minutes, so that an open page stays the same between two of them.
      return { fromMs: Math.floor((nowMs - LENGTHS[time]) / 60_000) * 60_000 };
  }
}

/** Returns the time from 18:00 yesterday to 08:00 today, in a time zone. */
export function nightOf(nowMs: number, zone: string): Required<Period> {
  const today = Temporal.Instant.fromEpochMilliseconds(nowMs).toZonedDateTimeISO(zone).toPlainDate();
  const at = (day: Temporal.PlainDate, hour: number) =>
    day.toZonedDateTime({ timeZone: zone, plainTime: Temporal.PlainTime.from({ hour }) }).epochMilliseconds;
  return { fromMs: at(today.subtract({ days: 1 }), EVENING), toMs: at(today, MORNING) - 1 };
}

export function runsFilter(query: RunsQuery, nowMs: number): HistoryFilter {
  const { statuses, projectId, triggeredBy, search } = query;
  const [status, ...more] = statuses;
  return {
    // One status has an index.
    ...(more.length > 0 ? { statuses } : status !== undefined && { status }),
    ...(projectId !== null && { projectId }),
    ...(triggeredBy !== null && { triggeredBy }),
    ...periodOf(query, nowMs),
    ...(search !== null && { text: search }),
  };
}
