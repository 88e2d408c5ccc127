import { Injectable } from '@nestjs/common';
import { Clock, type Instant } from '../clock/clock';
import { LEASE_SECONDS } from '../runs/lease';
import type { Run } from '../runs/run';
import type { LimitedRun } from '../runs/run-queries';

/** What has to happen within a time: a heartbeat, a claim, an end, the confirmation of a stop. */
export type Limit = 'lease' | 'claim' | 'finish' | 'stop';

/** A look that begins or ends this much too late shows that this process, or its database, was blocked. */
const BLOCKED_MS = 5000;
/** A decision whose transaction began later than this may be out of date. */
const RECENT_MS = 1000;
const DECISIVE = ['attempt', 'claimedAt', 'leaseExpiresAt', 'claimBy', 'finishBy', 'stopBy'] as const;

interface Deadline {
  /** As it stands in the row: another value is another deadline. */
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
 * Rows hold wall-clock instants, for people and for the next process. Each deadline was written together with the
 * instant that it counts from, so its length does not depend on the clock. The server looks at all active runs
 * about once a second: a deadline that is new in a look was set since the look before, so what is left of it is between
 * its length less the time since that look, and its length. The wall clock only chooses within these bounds. In the
 * first look of a process any part of the length may have passed.
 */
@Injectable()
export class RunDeadlines {
  private readonly known = new Map<string, KnownRun>();
  /** When the last look began that saw anything. */
  private lookedMs = -Infinity;
  private outageEndedMs = -Infinity;
  private ownOutageEndedMs = -Infinity;

  constructor(private readonly clock: Clock) {}

  /**
   * Takes in all active runs; others are forgotten. A look that comes late, fails or takes long is an outage.
   * @returns the runs, and for how long this process or its database was blocked; 0 where it was not
   */
  async look(read: () => Promise<LimitedRun[]>): Promise<{ runs: LimitedRun[]; blockedMs: number }> {
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
   * Notes that until now workers could not be heard. What was to happen by then may still happen within a fresh period:
   * a whole lease for workers, as much as the default lease for the rest.
   * @param isOwn this process or its database was the cause, and not only the event stream: then stops, which a stream
   *   that is away must not hold up, get more time too
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
   * A decision about this run, to be checked within the transaction that carries it out: that may have to wait for the
   * database, and a heartbeat may have come first. A long wait is an outage.
   */
  decision(seen: LimitedRun): { holdsFor(run: LimitedRun): boolean; end(): void } {
    const decidedMs = this.clock.monotonicMs();
    const isRecent = () => this.clock.monotonicMs() - decidedMs <= RECENT_MS;
    return {
      holdsFor: (run) => isRecent() && DECISIVE.every((property) => run[property] === seen[property]),
      end: () => {
        if (!isRecent()) this.noteOutage({ isOwn: true });
      },
    };
  }

  /** How long ago the run started. */
  elapsedMs({ runId, startedAt }: Pick<Run, 'runId' | 'startedAt'>): number {
    const nowMs = this.clock.monotonicMs();
    const known = this.known.get(runId);
    if (known) return nowMs - known.startedMs;
    return within(0, this.clock.nowMs() - Date.parse(startedAt), nowMs - this.lookedMs);
  }

  private takeIn(runs: LimitedRun[]): void {
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

function limitsOf(run: LimitedRun): [Limit, instant: Instant, lengthMs: number][] {
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
