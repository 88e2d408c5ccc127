import { Injectable } from '@nestjs/common';
import type { Instant } from '../clock/clock';
import { Database } from '../database/database';
import { inList } from '../database/table-rows';
import type { RunEventMap } from '../events/run-event';
import type { Run } from '../runs/run';
import type { AppliedEventEntity } from '../events/event.entities';
import type { Page } from '../runs/run.repository';

/** Limits of one read, however many events a run has: its first and its last events. */
const FIRST_EVENTS = 100;
const LAST_EVENTS = 200;
const REJECTED_EVENTS = 20;
const MAX_ATTEMPT_EVENTS = 200;
const MAX_ORIGINALS = 5;
/** Larger payloads are not read. An event can be 1 MiB, and a page shows one line of it. */
const MAX_PAYLOAD_BYTES = 8 * 1024;
/** Number of large requests that are parsed for their attempt number. Requests with many inputs are large. */
const MAX_LARGE_REQUESTS = 10;

export type PastEvent = Pick<
  AppliedEventEntity,
  'position' | 'eventType' | 'outcome' | 'origin' | 'toPhase' | 'appliedAt'
> & {
  /** JSON text; null if it is too large to read for a page. */
  payload: string | null;
};

export interface PastRejection {
  id: number;
  rejectedAt: Instant;
  reason: string;
  /** Null if it is unknown, or the event is too large to read for a page. */
  eventType: string | null;
}

export interface PastEvents {
  first: PastEvent[];
  /** Empty if `first` has all events. */
  last: PastEvent[];
  /** The position after which unread events begin; null if there are none between `first` and `last`. */
  gapAfter: number | null;
  rejected: PastRejection[];
  /** Number of further events that were applied and are not listed. */
  unlisted: number;
}

export type FamilyRun = Pick<
  Run,
  | 'runId'
  | 'number'
  | 'scope'
  | 'status'
  | 'statusReason'
  | 'params'
  | 'secretParams'
  | 'rerunOf'
  | 'claimedAt'
  | 'executor'
  | 'requestPublishedAt'
  | 'cancelRequestedAt'
  | 'cancelRequestedBy'
  | 'startedAt'
  | 'endedAt'
  | 'steps'
>;

/** A worker's report of the end of a run that had already ended. */
export interface LateEnd {
  position: number;
  eventType: 'run.completed' | 'run.failed' | 'run.cancelled';
  at: Instant;
}

/**
 * Fingerprint of a run's history. While it is the same, the history is the same, except for the number of unlisted
 * events.
 */
export interface PastStamp {
  /** The run itself, the runs that it repeats, and the latest re-runs of any of them, oldest first. */
  family: Pick<Run, 'runId' | 'revision'>[];
  lastPosition: number | null;
  rejectedIds: number[];
}

const EVENT_COLUMNS =
  'SELECT position, event_type AS "eventType", outcome, origin, to_phase AS "toPhase", applied_at AS "appliedAt",' +
  ` CASE WHEN OCTET_LENGTH(payload) <= ${MAX_PAYLOAD_BYTES} THEN payload END AS payload FROM applied_events`;

/** Queries of the history of one run: its events, its attempts, the runs that it repeats, and its re-runs. */
@Injectable()
export class RunDetailRepository {
  constructor(private readonly database: Database) {}

  /**
   * Returns the fingerprint of a run's history. Open pages request it repeatedly, so it reads only ids, positions and
   * revisions.
   * @param maxRepeats the number of its latest re-runs to read
   */
  async stamp({ runId }: Pick<Run, 'runId'>, maxRepeats: number): Promise<PastStamp> {
    const { query } = this;
    const [family, [last], rejected] = await Promise.all([
      this.familyOf(runId, maxRepeats),
      query<{ position: number }>(
        'SELECT position FROM applied_events WHERE run_id = ? ORDER BY position DESC LIMIT 1',
        [runId],
      ),
      query<{ id: number }>('SELECT id FROM rejected_events WHERE run_id = ? ORDER BY id DESC LIMIT ?', [
        runId,
        REJECTED_EVENTS,
      ]),
    ]);
    return { family, lastPosition: last?.position ?? null, rejectedIds: rejected.map(({ id }) => id) };
  }

  /** Returns the first and last events of a run, and the latest rejected events that name it. */
  async events(runId: string): Promise<PastEvents> {
    const [{ items: first, nextCursor }, rejected, unlisted] = await Promise.all([
      this.page(runId, FIRST_EVENTS, 0),
      this.rejected(runId),
      this.unlisted(runId),
    ]);
    if (nextCursor === null) return { first, last: [], gapAfter: null, rejected, unlisted };
    const after = first.at(-1)!.position;
    const last = await this.select('WHERE run_id = ? AND position > ? ORDER BY position DESC LIMIT ?', [
      runId,
      after,
      LAST_EVENTS + 1,
    ]);
    const isGap = last.length > LAST_EVENTS;
    return {
      first,
      last: last.slice(0, LAST_EVENTS).reverse(),
      gapAfter: isGap ? after : null,
      rejected,
      unlisted,
    };
  }

  /** Returns the number of events that were applied without being listed. */
  async unlisted(runId: string): Promise<number> {
    const [counts] = await this.query<{ unlisted: number }>(
      'SELECT unlisted FROM run_event_counts WHERE run_id = ?',
      [runId],
    );
    return counts?.unlisted ?? 0;
  }

  /** Returns the first end that a worker reported after the run had ended; null if there is none. */
  async lateEnd({ runId }: Pick<Run, 'runId'>): Promise<LateEnd | null> {
    const [found] = await this.query<LateEnd>(
      'SELECT position, event_type AS "eventType", applied_at AS at FROM applied_events' +
        " WHERE run_id = ? AND outcome = 'already-ended'" +
        " AND event_type IN ('run.completed', 'run.failed', 'run.cancelled') ORDER BY position LIMIT 1",
      [runId],
    );
    return found ?? null;
  }

  /** Returns events after a position, in order. */
  async page(runId: string, limit: number, after: number): Promise<Page<PastEvent>> {
    const found = await this.select('WHERE run_id = ? AND position > ? ORDER BY position LIMIT ?', [
      runId,
      after,
      limit + 1,
    ]);
    const items = found.slice(0, limit);
    return { items, nextCursor: found.length > limit ? String(items.at(-1)!.position) : null };
  }

  /** Returns the events that requested and started attempts, in order. */
  attemptEvents({ runId }: Pick<Run, 'runId'>): Promise<PastEvent[]> {
    return this.select(
      "WHERE run_id = ? AND event_type IN ('run.requested', 'run.started') ORDER BY position LIMIT ?",
      [runId, MAX_ATTEMPT_EVENTS],
    );
  }

  /** Returns the fields of these runs that a related run's page shows, oldest first. */
  async family(runs: Pick<Run, 'runId'>[]): Promise<FamilyRun[]> {
    const rows = await this.query<
      Omit<FamilyRun, 'params' | 'secretParams' | 'steps'> & {
        params: string;
        secretParams: string | null;
        steps: string;
      }
    >(
      'SELECT run_id AS "runId", number, scope, status, status_reason AS "statusReason", params, secret_params AS "secretParams",' +
        ' rerun_of AS "rerunOf", claimed_at AS "claimedAt", executor,' +
        ' request_published_at AS "requestPublishedAt", cancel_requested_at AS "cancelRequestedAt",' +
        ' cancel_requested_by AS "cancelRequestedBy", started_at AS "startedAt", ended_at AS "endedAt", steps' +
        ` FROM runs WHERE run_id IN ${inList(runs)} ORDER BY run_id`,
      runs.map(({ runId }) => runId),
    );
    return rows.map((row) => ({
      ...row,
      params: JSON.parse(row.params) as FamilyRun['params'],
      secretParams: row.secretParams === null ? null : (JSON.parse(row.secretParams) as string[]),
      steps: JSON.parse(row.steps) as FamilyRun['steps'],
    }));
  }

  private async familyOf(runId: string, maxRepeats: number): Promise<PastStamp['family']> {
    const line: PastStamp['family'] = [];
    for (let id: string | null = runId; id !== null && line.length <= MAX_ORIGINALS;) {
      const [found]: (PastStamp['family'][number] & Pick<Run, 'rerunOf'>)[] = await this.query(
        'SELECT run_id AS "runId", revision, rerun_of AS "rerunOf" FROM runs WHERE run_id = ?',
        [id],
      );
      if (found) line.push({ runId: found.runId, revision: found.revision });
      id = found?.rerunOf ?? null;
    }
    const ids = line.map(({ runId }) => runId);
    const repeats = await this.query<PastStamp['family'][number]>(
      'SELECT run_id AS "runId", revision FROM runs' +
        ` WHERE rerun_of IN ${inList(ids)} ORDER BY run_id DESC LIMIT ?`,
      [...ids, maxRepeats],
    );
    const all = new Map([...repeats, ...line].map((each) => [each.runId, each]));
    return [...all.values()].sort((a, b) => (a.runId < b.runId ? -1 : 1));
  }

  /** Returns the latest rejected events, in order of arrival. */
  private async rejected(runId: string): Promise<PastRejection[]> {
    const rows = await this.query<Omit<PastRejection, 'eventType'> & { fields: string | null }>(
      'SELECT id, rejected_at AS "rejectedAt", reason,' +
        ` CASE WHEN OCTET_LENGTH(fields) <= ${MAX_PAYLOAD_BYTES} THEN fields END AS fields` +
        ' FROM rejected_events WHERE run_id = ? ORDER BY id DESC LIMIT ?',
      [runId, REJECTED_EVENTS],
    );
    return rows.reverse().map(({ fields, ...rejection }) => ({
      ...rejection,
      eventType: fields === null ? null : ((JSON.parse(fields) as { eventType?: string }).eventType ?? null),
    }));
  }

  private async select(where: string, parameters: unknown[]): Promise<PastEvent[]> {
    const events = await this.query<PastEvent>(`${EVENT_COLUMNS} ${where}`, parameters);
    const large = events.filter(
      ({ payload, eventType, origin }) =>
        payload === null && eventType === 'run.requested' && origin === 'server',
    );
    // Sequentially, so that only one of them is in memory.
    for (const event of large.slice(0, MAX_LARGE_REQUESTS)) {
      const [row] = await this.query<{ payload: string }>(
        'SELECT payload FROM applied_events WHERE position = ?',
        [event.position],
      );
      if (!row) continue;
      const { attempt } = JSON.parse(row.payload) as RunEventMap['run.requested'];
      event.payload = JSON.stringify({ attempt });
    }
    return events;
  }

  private readonly query = <Row>(sql: string, parameters: unknown[]): Promise<Row[]> =>
    this.database.read.query<Row>(sql, parameters);
}
