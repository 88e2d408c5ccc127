import { Injectable } from '@nestjs/common';
import { Clock, type Instant } from '../clock/clock';
import { Database } from '../database/database';
import { HTTP_CALLERS } from './waiting';

export interface WorkerView {
  workerId: string;
  kind: 'embedded' | 'external';
  lastHeardAt: Instant;
  /** How many runs it carries out at once; null where it never said. */
  slots: number | null;
  runIds: string[];
}

/** Workers elsewhere are remembered for so long after they were last heard, and so many of them. */
const REMEMBER_MS = 60 * 60 * 1000;
const REMEMBER_WORKERS = 200;

/** Who carries runs out: the workers of this process, those that called, and those that hold runs. */
@Injectable()
export class WorkerRegistry {
  private readonly ours = new Map<string, { slots: number; busy: number }>();
  /** Workers elsewhere, the one that was heard last at the end, with how many of its calls wait for a run. */
  private readonly callers = new Map<string, { heardAt: Instant; heardAtMs: number; waitingCalls: number }>();

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  update(workerId: string, slots: number, busy: number): void {
    this.ours.set(workerId, { slots, busy });
  }

  /** Whether it is a part of this server. */
  isOurs(workerId: string): boolean {
    return this.ours.has(workerId);
  }

  remove(workerId: string): void {
    this.ours.delete(workerId);
  }

  /** A worker elsewhere has called. */
  heard(workerId: string, waitingCalls = this.callers.get(workerId)?.waitingCalls ?? 0): void {
    this.callers.delete(workerId);
    this.callers.set(workerId, {
      heardAt: this.clock.now(),
      heardAtMs: this.clock.monotonicMs(),
      waitingCalls,
    });
    for (const [oldest, caller] of this.callers) {
      if (this.callers.size <= REMEMBER_WORKERS) break;
      if (caller.waitingCalls === 0) this.callers.delete(oldest);
    }
  }

  /** A worker elsewhere waits for a run: it is here until it leaves. @returns what says that it does */
  arrive(workerId: string): () => void {
    this.heard(workerId, (this.callers.get(workerId)?.waitingCalls ?? 0) + 1);
    return () => this.heard(workerId, this.callers.get(workerId)!.waitingCalls - 1);
  }

  /** Workers elsewhere that wait for a run just now, in the form of the stream's consumers. */
  calling(): { group: string; name: string; idleMs: number }[] {
    return [...this.callers].flatMap(([name, { waitingCalls }]) =>
      waitingCalls > 0 ? [{ group: HTTP_CALLERS, name, idleMs: 0 }] : [],
    );
  }

  capacity(): { slots: number; busy: number } {
    let capacity = { slots: 0, busy: 0 };
    for (const { slots, busy } of this.ours.values()) {
      capacity = { slots: capacity.slots + slots, busy: capacity.busy + busy };
    }
    return capacity;
  }

  async list(): Promise<WorkerView[]> {
    const rows = await this.database.read.query<{
      worker_id: string;
      run_id: string;
      last_heard_at: Instant | null;
    }>(
      "SELECT worker_id, run_id, last_heard_at FROM runs WHERE status = 'running' AND worker_id IS NOT NULL",
    );
    const views = new Map<string, WorkerView>();
    for (const [workerId, { slots }] of this.ours) {
      views.set(workerId, { workerId, kind: 'embedded', lastHeardAt: this.clock.now(), slots, runIds: [] });
    }
    for (const [workerId, lastHeardAt] of this.recentCallers()) {
      views.set(workerId, { workerId, kind: 'external', lastHeardAt, slots: null, runIds: [] });
    }
    for (const { worker_id: workerId, run_id: runId, last_heard_at: heardAt } of rows) {
      const view = views.get(workerId) ?? {
        workerId,
        kind: 'external',
        lastHeardAt: heardAt ?? '',
        slots: null,
        runIds: [],
      };
      views.set(workerId, { ...view, runIds: [...view.runIds, runId] });
      if (heardAt !== null && heardAt > view.lastHeardAt) views.get(workerId)!.lastHeardAt = heardAt;
    }
    return [...views.values()];
  }

  private recentCallers(): [string, Instant][] {
    const nowMs = this.clock.monotonicMs();
    return [...this.callers].flatMap(([workerId, caller]): [string, Instant][] => {
      if (caller.waitingCalls > 0) return [[workerId, this.clock.now()]];
      return nowMs - caller.heardAtMs > REMEMBER_MS ? [] : [[workerId, caller.heardAt]];
    });
  }
}
