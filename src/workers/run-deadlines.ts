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
 * Judges the deadlines of active runs by the monotonic clock.
 *
 * Rows store wall-clock instants, for operators and for the next process. Each deadline is written together with the
 * instant that it counts from, so its length does not depend on the clock.
 *
 * The server looks at all active runs about once a second. A deadline that is new in a look was set after the previous
 * look. Its remaining time is therefore at most its length, and at least its length minus the time since that look.
 *
 * The wall clock only chooses a value within these bounds. In the first look of a process, any part of the length may
 * have passed.
 */
@Injectable()
export class RunDeadlines {
  private readonly known = new Map<string, KnownRun>();
  /** Start of the last successful look. */
  private lookedMs = -Infinity;
  private outageEndedMs = -Infinity;
  private ownOutageEndedMs = -Infinity;

  constructor(private readonly clock: Clock) {}

  /**
   * Updates the deadlines of all active runs and forgets all other runs. A look that is late, slow or fails counts as
   * an outage.
   * @returns the runs, and how many milliseconds this process or its database was blocked; 0 if it was not
   */
  async look(
    read: () => Promise<RunWithDeadlines[]>,
  ): Promise<{ runs: RunWithDeadlines[]; blockedMs: number }> {
    const beganMs = this.clock.monotonicMs();
    const lateMs = Number.isFinite(this.lookedMs) ? beganMs - this.lookedMs : 0;
    if (lateMs > BLOCKED_MS) this.noteOutage({ isOwn: true }, beganMs);
    try {
      const runs = await read();
      this.takeIn(runs);
      this.lookedMs = beganMs;
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
  elapsedMs({ runId, startedAt }: Pick<Run, 'runId' | 'startedAt'>): number {
    const nowMs = this.clock.monotonicMs();
    const known = this.known.get(runId);
    if (known) return nowMs - known.startedMs;
    return within(0, this.clock.nowMs() - Date.parse(startedAt), nowMs - this.lookedMs);
  }

  private takeIn(runs: RunWithDeadlines[]): void {
    const seenMs = this.clock.monotonicMs();
    const active = new Set(runs.map(({ runId }) => runId));
    for (const runId of this.known.keys()) if (!active.has(runId)) this.known.delete(runId);
    for (const run of runs) {
      const known = this.known.get(run.runId) ?? {
        startedMs: seenMs - this.elapsedMs(run),
        deadlines: {},
      };
      const deadlines: KnownRun['deadlines'] = {};
      for (const [limit, instant, lengthMs] of limitsOf(run)) {
        const before = known.deadlines[limit];
        const leftMs = () => this.leftMs(instant, lengthMs, seenMs);
        deadlines[limit] =
          before?.instant === instant ? before : { instant, lengthMs, seenMs, dueMs: seenMs + leftMs() };
      }
      this.known.set(run.runId, { ...known, deadlines });
    }
  }

  private leftMs(instant: Instant, lengthMs: number, nowMs: number): number {
    const longestAgoMs = Math.min(lengthMs, nowMs - this.lookedMs);
    return within(lengthMs - longestAgoMs, Date.parse(instant) - this.clock.nowMs(), lengthMs);
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

function within(lowest: number, value: number, highest: number): number {
  return Math.min(Math.max(value, lowest), highest);
}
