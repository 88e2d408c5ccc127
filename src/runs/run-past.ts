import { Injectable } from '@nestjs/common';
import { Database } from '../database/database';
import { inList, type TableRows } from '../database/table-rows';
import { RejectedEvents } from '../events/rejected-events';
import type { RejectedEventEntity } from '../events/event.entities';
import type { Run } from './run';
import { RunQueries } from './run-queries';
import { AppliedEventEntity, RunEntity } from './run.entity';

/** How much of it is read at once, whatever a run was told: its beginning, and its end. */
const FIRST_EVENTS = 100;
const LAST_EVENTS = 200;
const REJECTED_EVENTS = 20;
const MAX_ATTEMPT_EVENTS = 200;
const MAX_ORIGINALS = 5;
const MAX_FAMILY = 20;

export interface PastEvents {
  first: AppliedEventEntity[];
  /** Empty where the first are all. */
  last: AppliedEventEntity[];
  /** Set where there are events between the two: the position after which they begin. */
  gapAfter: number | null;
  rejected: RejectedEventEntity[];
}

/** What happened to a run until now: its events, its attempts, and the runs that it repeats or that repeat it. */
@Injectable()
export class RunPast {
  private readonly inbox: TableRows<AppliedEventEntity>;
  private readonly runs: TableRows<RunEntity>;

  constructor(
    private readonly database: Database,
    private readonly queries: RunQueries,
    private readonly rejectedEvents: RejectedEvents,
  ) {
    this.inbox = database.rows(AppliedEventEntity);
    this.runs = database.rows(RunEntity);
  }

  /** The first and the last events of a run, and the latest that name it and were rejected. */
  async events(runId: string): Promise<PastEvents> {
    const [{ items: first, nextCursor }, rejected] = await Promise.all([
      this.queries.events(runId, FIRST_EVENTS),
      this.rejectedEvents.ofRun(runId, REJECTED_EVENTS),
    ]);
    if (nextCursor === null) return { first, last: [], gapAfter: null, rejected };
    const after = first.at(-1)!.position;
    const last = await this.inbox.select(
      this.database.read,
      'WHERE run_id = ? AND position > ? ORDER BY position DESC LIMIT ?',
      [runId, after, LAST_EVENTS + 1],
    );
    const isGap = last.length > LAST_EVENTS;
    return { first, last: last.slice(0, LAST_EVENTS).reverse(), gapAfter: isGap ? after : null, rejected };
  }

  /** The events by which attempts were asked for and begun, in order. */
  async attemptEvents({ runId }: Run): Promise<AppliedEventEntity[]> {
    return this.inbox.select(
      this.database.read,
      "WHERE run_id = ? AND event_type IN ('run.requested', 'run.started') ORDER BY position LIMIT ?",
      [runId, MAX_ATTEMPT_EVENTS],
    );
  }

  /** The run itself, those that it repeats, and the latest that repeat one of them, oldest first. */
  async family(run: Run): Promise<Run[]> {
    const line = [run];
    for (let id = run.rerunOf; id !== null && line.length <= MAX_ORIGINALS;) {
      const original = await this.queries.find(id);
      if (!original) break;
      line.push(original);
      id = original.rerunOf;
    }
    const ids = line.map(({ runId }) => runId);
    const repeats = await this.runs.select(
      this.database.read,
      `WHERE rerun_of IN ${inList(ids)} ORDER BY run_id DESC LIMIT ?`,
      [...ids, MAX_FAMILY],
    );
    const all = new Map([...repeats, ...line].map((each) => [each.runId, each]));
    return [...all.values()].sort((a, b) => (a.runId < b.runId ? -1 : 1));
  }
}
