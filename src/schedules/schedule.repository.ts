import { Injectable } from '@nestjs/common';
import { type Instant, toInstant } from '../clock/clock';
import { type CronSchedule, countDue, type DueSpan, newestDue } from '../cron/due-times';
import { Database } from '../database/database';
import type { TableRows } from '../database/table-rows';
import type { Transaction } from '../database/writer';
import { invalid } from '../http/problem-catalogue';
import type { StartOccasion } from '../runs/run-creator';
import type { Page } from '../runs/run.repository';
import type { PassedDues } from './due-plan';
import { ScheduleRecordEntity, ScheduleStateEntity } from './schedule.entities';
import {
  type ScheduleKey,
  type ScheduleOutcome,
  type ScheduleRecord,
  SINGLE_RECORDS,
} from './schedule-record';

type FoldedOutcome = keyof typeof SINGLE_RECORDS;

/** So many records of an outcome may exceed the limit until they are folded. */
const FOLD_EVERY = 100;

interface NewRecord extends ScheduleKey {
  dueMs: number;
  outcome: ScheduleOutcome;
  runId?: string | null;
  reason?: string | null;
  detail?: string | null;
  recordedAt: Instant;
}

/** A position in the records of a project: newest first, and by name where several are due at the same time. */
interface Position {
  dueAt: Instant;
  schedule: string;
}

/** The tables of schedules and of the records of their due times. */
@Injectable()
export class ScheduleRepository {
  private readonly records: TableRows<ScheduleRecordEntity>;
  private readonly states: TableRows<ScheduleStateEntity>;
  /** Records since the last folding, by schedule and outcome. After a start, the first record leads to one. */
  private readonly unfolded = new Map<string, number>();

  constructor(private readonly database: Database) {
    this.records = database.rows(ScheduleRecordEntity);
    this.states = database.rows(ScheduleStateEntity);
  }

  allStates(): Promise<ScheduleStateEntity[]> {
    return this.states.select(this.database.read, '', []);
  }

  /** Returns records of a project, newest first. */
  async list(
    projectId: string,
    { schedule, limit, cursor }: { schedule?: string; limit: number; cursor?: string },
  ): Promise<Page<ScheduleRecord>> {
    const conditions = ['project_id = ?'];
    const parameters: unknown[] = [projectId];
    if (schedule !== undefined) {
      conditions.push('schedule = ?');
      parameters.push(schedule);
    }
    if (cursor !== undefined) {
      const after = positionOf(cursor);
      conditions.push('(due_at, schedule) < (?, ?)');
      parameters.push(after.dueAt, after.schedule);
    }
    const rows = await this.records.select(
      this.database.read,
      `WHERE ${conditions.join(' AND ')} ORDER BY due_at DESC, schedule DESC LIMIT ?`,
      [...parameters, limit + 1],
    );
    const items = rows.slice(0, limit);
    return { items, nextCursor: rows.length > limit ? cursorOf(items.at(-1)!) : null };
  }

  /** Returns records of all projects that were due since an instant, newest first. */
  since(from: Instant, limit: number): Promise<ScheduleRecord[]> {
    return this.records.select(
      this.database.read,
      'WHERE due_at >= ? ORDER BY due_at DESC, project_id, schedule LIMIT ?',
      [from, limit],
    );
  }

  /**
   * Returns the oldest due time after an instant that started no run although it should have; null if there is none. A
   * pause and a disabled project are no reason to start one.
   */
  async oldestUnstarted(projectId: string, schedule: string, after: Instant): Promise<Instant | null> {
    const [row] = await this.database.read.query<{ due_at: Instant | null }>(
      'SELECT MIN(due_at) AS due_at FROM schedule_records WHERE project_id = ? AND schedule = ?' +
        " AND outcome IN ('skipped-busy', 'missed', 'refused') AND due_at > ?",
      [projectId, schedule, after],
    );
    return row?.due_at ?? null;
  }

  /**
   * Returns records of a project that started no run, newest first. Its index has no starts, which can be many more.
   * @param from the first due time; null for all older ones
   * @param before the end of the range, which is not in it; null for all newer ones
   */
  notStarted(
    projectId: string,
    { from, before }: { from: Instant | null; before: Instant | null },
    limit: number,
  ): Promise<ScheduleRecord[]> {
    const bounds: [sql: string, value: string][] = [];
    if (from !== null) bounds.push([' AND due_at >= ?', from]);
    if (before !== null) bounds.push([' AND due_at < ?', before]);
    return this.records.select(
      this.database.read,
      `WHERE project_id = ? AND outcome <> 'started'${bounds.map(([sql]) => sql).join('')}` +
        ' ORDER BY due_at DESC, schedule DESC LIMIT ?',
      [projectId, ...bounds.map(([, value]) => value), limit],
    );
  }

  /** Returns the record of the due time that started a run; null without one. */
  async ofRun(runId: string): Promise<ScheduleRecord | null> {
    const [record] = await this.records.select(this.database.read, 'WHERE run_id = ?', [runId]);
    return record ?? null;
  }

  /** Stores new and changed schedules. */
  readonly store = this.database.command(
    async (tx: Transaction, states: ScheduleStateEntity[]): Promise<void[]> => {
      await tx.each(
        'INSERT INTO schedules (project_id, schedule, cron, time_zone, recorded_until, file, last_due_at)' +
          ' VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (project_id, schedule) DO UPDATE SET cron = excluded.cron,' +
          ' time_zone = excluded.time_zone, recorded_until = excluded.recorded_until, file = excluded.file',
        states.map((state) => [
          state.projectId,
          state.schedule,
          state.cron,
          state.timeZone,
          state.recordedUntil,
          state.file,
          state.lastDueAt,
        ]),
      );
      return states.map(() => undefined);
    },
  );

  /** Forgets schedules that were removed or disabled. Their records stay. */
  readonly remove = this.database.command(async (tx: Transaction, keys: ScheduleKey[]): Promise<void[]> => {
    await tx.each(
      'DELETE FROM schedules WHERE project_id = ? AND schedule = ?',
      keys.map(({ projectId, schedule }) => [projectId, schedule]),
    );
    return keys.map(() => undefined);
  });

  /** Records due times that start no run. Repeating it has no effect. */
  readonly recordPassed = this.database.command(
    async (
      tx: Transaction,
      inputs: { key: ScheduleKey; passed: PassedDues[]; recordedAt: Instant }[],
    ): Promise<void[]> => {
      for (const { key, passed, recordedAt } of inputs) {
        for (const { outcome, older, single } of passed) {
          if (older !== null) {
            const { dueAtMs, untilMs } = older;
            const count = older.count - (await this.recordsIn(tx, key, older));
            const span = { until: toInstant(untilMs), count };
            if (count > 0) await this.insertAll(tx, [{ ...key, dueMs: dueAtMs, outcome, recordedAt }], span);
            await this.moveOn(tx, key, untilMs);
          }
          await this.insertAll(
            tx,
            single.map((dueMs) => ({ ...key, dueMs, outcome, recordedAt })),
          );
          await this.moveOn(tx, key, single.at(-1)!);
          await this.fold(tx, key, outcome, single.length);
        }
      }
      return inputs.map(() => undefined);
    },
  );

  /** Records a due time whose start was refused. Repeating it has no effect. */
  readonly recordRefusal = this.database.command(
    async (tx: Transaction, records: NewRecord[]): Promise<void[]> => {
      for (const record of records) await this.settle(tx, record);
      return records.map(() => undefined);
    },
  );

  /** Returns a due time as the occasion of a run, whose record is written by the transaction that creates the run. */
  occasion(key: ScheduleKey, dueMs: number, now: () => Instant): StartOccasion {
    const { projectId, schedule } = key;
    return {
      isUnused: async (tx) => {
        const known = await tx.query(
          'SELECT 1 FROM schedule_records WHERE project_id = ? AND schedule = ? AND due_at = ?',
          [projectId, schedule, toInstant(dueMs)],
        );
        return known.length === 0;
      },
      record: (tx, runId) =>
        this.settle(tx, {
          ...key,
          dueMs,
          outcome: runId === null ? 'skipped-busy' : 'started',
          runId,
          recordedAt: now(),
        }),
    };
  }

  /**
   * Forgets due times in the future that started nothing, after the clock was wrong and has been set back. Starts stay,
   * so that none happens twice.
   */
  readonly forgetFuture = this.database.command(
    async (
      tx: Transaction,
      inputs: { key: ScheduleKey; cron: CronSchedule; nowMs: number }[],
    ): Promise<void[]> => {
      for (const { key, cron, nowMs } of inputs) {
        const now = toInstant(nowMs);
        const of = [key.projectId, key.schedule];
        const NOT_STARTED = "project_id = ? AND schedule = ? AND outcome <> 'started'";
        await tx.query(`DELETE FROM schedule_records WHERE ${NOT_STARTED} AND due_at > ?`, [...of, now]);
        const cut = await this.records.select(tx, `WHERE ${NOT_STARTED} AND until > ?`, [...of, now]);
        for (const { dueAt, until, count } of cut) {
          const left = Math.max(1, count - countDue(cron, nowMs, Date.parse(until!)));
          const [lastMs] = newestDue(cron, Date.parse(dueAt) - 1, nowMs, 1).newest;
          await tx.query(
            'UPDATE schedule_records SET until = ?, count = ? WHERE project_id = ? AND schedule = ? AND due_at = ?',
            [lastMs === undefined ? dueAt : toInstant(lastMs), left, ...of, dueAt],
          );
        }
        await tx.query('UPDATE schedules SET recorded_until = ? WHERE project_id = ? AND schedule = ?', [
          now,
          ...of,
        ]);
      }
      return inputs.map(() => undefined);
    },
  );

  private async settle(tx: Transaction, record: NewRecord): Promise<void> {
    await this.insertAll(tx, [record]);
    await this.moveOn(tx, record, record.dueMs);
    if (record.outcome !== 'started') await this.fold(tx, record, record.outcome, 1);
  }

  private async insertAll(
    tx: Transaction,
    records: NewRecord[],
    { until, count }: { until: Instant | null; count: number } = { until: null, count: 1 },
  ): Promise<void> {
    const rows = records.map(
      ({ projectId, schedule, dueMs, outcome, runId, reason, detail, recordedAt }) => ({
        projectId,
        schedule,
        dueAt: toInstant(dueMs),
        outcome,
        runId: runId ?? null,
        reason: reason ?? null,
        detail: detail ?? null,
        until,
        count,
        recordedAt,
      }),
    );
    await this.records.insert(tx, rows, { onConflict: 'ignore' });
  }

  /** Returns how many due times of a span have records already, after the clock was set. */
  private async recordsIn(
    tx: Transaction,
    { projectId, schedule }: ScheduleKey,
    { dueAtMs, untilMs }: DueSpan,
  ): Promise<number> {
    const [row] = await tx.query<{ known: number }>(
      'SELECT COUNT(*) AS known FROM schedule_records WHERE project_id = ? AND schedule = ?' +
        ' AND due_at >= ? AND due_at <= ? AND until IS NULL',
      [projectId, schedule, toInstant(dueAtMs), toInstant(untilMs)],
    );
    return row!.known;
  }

  private async moveOn(tx: Transaction, { projectId, schedule }: ScheduleKey, dueMs: number): Promise<void> {
    const dueAt = toInstant(dueMs);
    await tx.query(
      'UPDATE schedules SET recorded_until = ?, last_due_at = ?' +
        ' WHERE project_id = ? AND schedule = ? AND recorded_until < ?',
      [dueAt, dueAt, projectId, schedule, dueAt],
    );
  }

  /** Replaces the oldest records of an outcome by one, if there are too many. */
  private async fold(
    tx: Transaction,
    key: ScheduleKey,
    outcome: FoldedOutcome,
    added: number,
  ): Promise<void> {
    const counter = `${key.projectId}/${key.schedule}/${outcome}`;
    const waiting = this.unfolded.get(counter);
    // A count that is too high after a rollback only leads to an early folding.
    this.unfolded.set(counter, (waiting ?? 0) + added);
    if (waiting !== undefined && waiting + added < FOLD_EVERY) return;
    this.unfolded.set(counter, 0);
    const OF_OUTCOME = 'project_id = ? AND schedule = ? AND outcome = ?';
    const of = [key.projectId, key.schedule, outcome];
    const [oldest] = await tx.query<{ due_at: Instant }>(
      `SELECT due_at FROM schedule_records WHERE ${OF_OUTCOME} AND until IS NULL` +
        ' ORDER BY due_at DESC LIMIT 1 OFFSET ?',
      [...of, SINGLE_RECORDS[outcome]],
    );
    const spans = await tx.query(
      `SELECT 1 FROM schedule_records WHERE ${OF_OUTCOME} AND until IS NOT NULL LIMIT 2`,
      of,
    );
    if (oldest === undefined && spans.length < 2) return;
    const upTo = oldest?.due_at ?? '';
    const FOLDED = `${OF_OUTCOME} AND (until IS NOT NULL OR due_at <= ?)`;
    const [folded] = await tx.query<{ first: Instant; last: Instant; total: number; recorded: Instant }>(
      'SELECT MIN(due_at) AS first, MAX(COALESCE(until, due_at)) AS last, SUM(count) AS total,' +
        ` MAX(recorded_at) AS recorded FROM schedule_records WHERE ${FOLDED}`,
      [...of, upTo],
    );
    await tx.query(`DELETE FROM schedule_records WHERE ${FOLDED}`, [...of, upTo]);
    const { first, last, total, recorded } = folded!;
    const span = { until: last, count: total };
    await this.insertAll(tx, [{ ...key, dueMs: Date.parse(first), outcome, recordedAt: recorded }], span);
  }
}

function cursorOf({ dueAt, schedule }: Position): string {
  return `${dueAt}~${schedule}`;
}

/** @throws JobatoError VALIDATION */
function positionOf(cursor: string): Position {
  const [dueAt = '', schedule = ''] = cursor.split('~', 2);
  if (Number.isNaN(Date.parse(dueAt)))
    throw invalid([{ field: 'cursor', message: 'must be a nextCursor value from a previous page' }]);
  return { dueAt, schedule };
}
