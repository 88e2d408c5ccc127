import { Injectable } from '@nestjs/common';
import { Clock, type Instant } from '../clock/clock';
import { LEASE_SECONDS } from '../runs/lease-times';
import type { Run } from '../runs/run';
import type { RunWithDeadlines } from '../runs/run.repository';

/** Limits of a run: a heartbeat renews the lease, a worker claims the run, the run ends, a stop is confirmed. */
export type Limit = 'lease' | 'claim' | 'finish' | 'stop';

/** A look that begins or ends this many milliseconds late shows that this process or its database was blocked. */
const BLOCKED_MS = 5000;
/** Age in milliseconds after which a decision may be out of date when its transaction starts. */
const RECENT_MS = 1000;
/** A wall clock that was set by less was not set: the deadlines themselves are known to the second. */
const SET_MS = 1000;
const DECISIVE = ['attempt', 'claimedAt', 'leaseExpiresAt', 'claimBy', 'finishBy', 'stopBy'] as const;

interface Deadline {
  /** The value in the row. A different value is a new deadline. */
  instant: Instant;
  lengthMs: number;
  /** Monotonic. */
  seenMs: number;
  dueMs: number;
}

interface KnownRun {
  /** Monotonic. */
  startedMs: number;
  deadlines: Partial<Record<Limit, Deadline>>;
}

/**
 * The deadlines of a process, for the next one. Times are those of the monotonic clock, which continues within a boot of
 * the machine. Stored as JSON.
 */
export interface RecordedDeadlines {
  bootId: string;
  /** Deadlines that are not in this record were set later. */
  readMs: number;
  /** Wall clock minus monotonic clock. Deadlines that are not in this record were set under it. */
  offsetMs: number;
  runs: [runId: string, KnownRun][];
}

/**
 * Judges the deadlines of active runs by the monotonic clock.
 *
 * Rows store wall-clock instants, for operators and for the next process. Each deadline is written together with the
 * instant that it counts from, so its length does not depend on the clock.
 *
 * The server looks at all active runs about once a second. A deadline that is new in a look was set after the previous
 * look. Its remaining time is therefore at most its length, and at least its length minus the time since that look.
 *
 * The wall clock only chooses a value within these bounds. In a new process, any part of the length may have passed. The
 * record of the previous process then shows by how much the wall clock was set, and which deadlines were set before that.
 * Without such a record, for example after a boot, only the wall clock counts.
 */
@Injectable()
export class RunDeadlines {
  private known = new Map<string, KnownRun>();
  /** Start of the last successful look. */
  private lookedMs = -Infinity;
  /** Start of the last successful read of the runs, in a look or at start-up. */
  private readMs = -Infinity;
  /** Wall clock minus monotonic clock at `readMs`. */
  private offsetMs = 0;
  private recordedOffsetMs = NaN;
  private isRecordDue = true;
  private outageEndedMs = -Infinity;
  private ownOutageEndedMs = -Infinity;

  constructor(private readonly clock: Clock) {}

  /** Continues with the deadlines of the previous process. Call it before this process changes any run. */
  restore(runs: RunWithDeadlines[], recorded: RecordedDeadlines | null): void {
    const nowMs = this.clock.monotonicMs();
    const offsetMs = this.currentOffsetMs();
    // A record from the future is from a copy of this machine, or from a container with a clock of its own.
    const isSameClock = recorded?.bootId === this.clock.bootId && recorded.readMs <= nowMs;
    if (isSameClock) {
      this.known = new Map(recorded.runs);
      this.readMs = recorded.readMs;
    }
    this.takeIn(runs, isSameClock ? recorded.offsetMs : offsetMs);
    this.readMs = nowMs;
    this.offsetMs = offsetMs;
  }

  /**
   * Returns the record for the next process, if the stored one no longer describes the deadlines: when this process
   * starts, and when the wall clock was set. Null if it does, if no runs were read, or if the system has no boot id.
   */
  takeDueRecord(): RecordedDeadlines | null {
    const { bootId } = this.clock;
    const { readMs, offsetMs } = this;
    const wasSet = Math.abs(offsetMs - this.recordedOffsetMs) > SET_MS;
    if (bootId === null || !Number.isFinite(readMs) || !(this.isRecordDue || wasSet)) return null;
    this.isRecordDue = false;
    this.recordedOffsetMs = offsetMs;
    return { bootId, readMs, offsetMs, runs: [...this.known] };
  }

  /** Makes a record due again: the last one could not be stored. */
  recordAgain(): void {
    this.isRecordDue = true;
  }

  /**
   * Updates the deadlines of all active runs and forgets all other runs. A look that is late, slow or fails counts as
   * an outage.
   * @returns the runs, and how many milliseconds this process or its database was blocked; 0 if it was not
   */
  async look(
    read: () => Promise<RunWithDeadlines[]>,
  ): Promise<{ runs: RunWithDeadlines[]; blockedMs: number }> {
    const beganMs = this.clock.monotonicMs();
    // Read the clock first: runs that are read later may have been written after it was set.
    const offsetMs = this.currentOffsetMs();
    const lateMs = Number.isFinite(this.lookedMs) ? beganMs - this.lookedMs : 0;
    if (lateMs > BLOCKED_MS) this.noteOutage({ isOwn: true }, beganMs);
    try {
      const runs = await read();
      this.takeIn(runs, offsetMs);
      this.lookedMs = beganMs;
      this.readMs = beganMs;
      this.offsetMs = offsetMs;
      const tookMs = this.clock.monotonicMs() - beganMs;
      if (tookMs > BLOCKED_MS) this.noteOutage({ isOwn: true });
      const blockedMs = Math.max(lateMs, tookMs);
      return { runs, blockedMs: blockedMs > BLOCKED_MS ? blockedMs : 0 };
    } catch (error) {
      this.noteOutage({ isOwn: true });
      throw error;
    }
  }

  /**
   * Records that workers could not report until now. Every deadline known by then gets at least a fresh period after
   * it: a full lease for workers, up to the default lease for other limits.
   * @param isOwn whether this process or its database was the cause. Only then do stops get more time too: an outage of
   *   the event stream alone must not delay them
   */
  noteOutage({ isOwn }: { isOwn: boolean }, endedMs = this.clock.monotonicMs()): void {
    this.outageEndedMs = Math.max(this.outageEndedMs, endedMs);
    if (isOwn) this.ownOutageEndedMs = Math.max(this.ownOutageEndedMs, endedMs);
  }

  hasPassed(runId: string, limit: Limit): boolean {
    const deadline = this.known.get(runId)?.deadlines[limit];
    if (!deadline) return false;
    const outageMs = limit === 'stop' ? this.ownOutageEndedMs : this.outageEndedMs;
    const isFresh = deadline.seenMs > outageMs;
    const dueMs = isFresh ? deadline.dueMs : Math.max(deadline.dueMs, outageMs + freshMs(limit, deadline));
    return this.clock.monotonicMs() > dueMs;
  }

  /**
   * Returns a decision about this run. Check it within the transaction that carries it out: the transaction may wait
   * for the database, and a heartbeat may arrive first. A long wait counts as an outage.
   */
  decision(seen: RunWithDeadlines): { holdsFor(run: RunWithDeadlines): boolean; noteIfSlow(): void } {
    const decidedMs = this.clock.monotonicMs();
    const isRecent = () => this.clock.monotonicMs() - decidedMs <= RECENT_MS;
    return {
      holdsFor: (run) => isRecent() && DECISIVE.every((property) => run[property] === seen[property]),
      noteIfSlow: () => {
        if (!isRecent()) this.noteOutage({ isOwn: true });
      },
    };
  }

  /** Returns the milliseconds since the run started. */
  elapsedMs(run: Pick<Run, 'runId' | 'startedAt'>): number {
    return this.elapsedBy(this.currentOffsetMs(), run);
  }

  private currentOffsetMs(): number {
    return this.clock.nowMs() - this.clock.monotonicMs();
  }

  private takeIn(runs: RunWithDeadlines[], offsetMs: number): void {
    const seenMs = this.clock.monotonicMs();
    const active = new Set(runs.map(({ runId }) => runId));
    for (const runId of this.known.keys()) if (!active.has(runId)) this.known.delete(runId);
    for (const run of runs) {
      const known = this.known.get(run.runId) ?? {
        startedMs: seenMs - this.elapsedBy(offsetMs, run),
        deadlines: {},
      };
      const deadlines: KnownRun['deadlines'] = {};
      for (const [limit, instant, lengthMs] of limitsOf(run)) {
        const before = known.deadlines[limit];
        const leftMs = () => this.leftMs(instant, lengthMs, seenMs, offsetMs);
        deadlines[limit] =
          before?.instant === instant ? before : { instant, lengthMs, seenMs, dueMs: seenMs + leftMs() };
      }
      this.known.set(run.runId, { ...known, deadlines });
    }
  }

  private elapsedBy(offsetMs: number, { runId, startedAt }: Pick<Run, 'runId' | 'startedAt'>): number {
    const nowMs = this.clock.monotonicMs();
    const known = this.known.get(runId);
    if (known) return nowMs - known.startedMs;
    return this.within(0, nowMs + offsetMs - Date.parse(startedAt), nowMs - this.readMs);
  }

  private leftMs(instant: Instant, lengthMs: number, nowMs: number, offsetMs: number): number {
    const longestAgoMs = Math.min(lengthMs, nowMs - this.readMs);
    return this.within(lengthMs - longestAgoMs, Date.parse(instant) - nowMs - offsetMs, lengthMs);
  }

  /** A value beyond its bounds was written under another wall clock, so the next process needs a record of it. */
  private within(lowest: number, value: number, highest: number): number {
    const bounded = Math.min(Math.max(value, lowest), highest);
    if (Math.abs(bounded - value) > SET_MS) this.isRecordDue = true;
    return bounded;
  }
}

function limitsOf(run: RunWithDeadlines): [Limit, instant: Instant, lengthMs: number][] {
  const { leaseExpiresAt, lastHeardAt, claimBy, claimTimeoutSeconds, finishBy, startedAt, stopBy } = run;
  const between = (from: Instant, to: Instant) => Math.max(0, Date.parse(to) - Date.parse(from));
  const limits: [Limit, Instant | null, number][] = [
    ['lease', leaseExpiresAt, between(lastHeardAt ?? startedAt, leaseExpiresAt ?? startedAt)],
    ['claim', run.claimedAt === null ? claimBy : null, claimTimeoutSeconds * 1000],
    ['finish', finishBy, between(startedAt, finishBy ?? startedAt)],
    ['stop', stopBy, run.stopGraceSeconds * 1000],
  ];
  return limits.flatMap(([limit, instant, lengthMs]) =>
    instant === null ? [] : [[limit, instant, lengthMs] as [Limit, Instant, number]],
  );
}

function freshMs(limit: Limit, { lengthMs }: Deadline): number {
  const defaultMs = LEASE_SECONDS * 1000;
  if (limit === 'lease') return Math.max(lengthMs, defaultMs);
  return limit === 'stop' ? Math.min(lengthMs, defaultMs) : defaultMs;
}
