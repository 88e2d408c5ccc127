import { Injectable } from '@nestjs/common';
import { Clock, type Instant } from '../clock/clock';

/** The group of workers with a waiting claim over HTTP, where they are listed beside the consumers of the stream. */
export const HTTP_WORKER_GROUP = 'HTTP';

/** A worker that is running here or called lately. */
export interface PresentWorker {
  workerId: string;
  kind: 'embedded' | 'external';
  lastHeardAt: Instant;
  /** Number of runs that it executes at once; null if the worker never reported it. */
  slots: number | null;
}

/** Limits for remembered external workers: time since the last call, and number. */
const REMEMBER_MS = 60 * 60 * 1000;
const REMEMBER_WORKERS = 200;

/** Present workers: the embedded worker, and external workers that called over HTTP. In memory only. */
@Injectable()
export class WorkerPresence {
  private readonly ours = new Map<string, { slots: number; busy: number }>();
  /** External workers in order of their last calls, with their number of calls that wait for a run. */
  private readonly callers = new Map<string, { heardAt: Instant; heardAtMs: number; waitingCalls: number }>();

  constructor(private readonly clock: Clock) {}

  update(workerId: string, slots: number, busy: number): void {
    this.ours.set(workerId, { slots, busy });
  }

  /** Returns whether the worker is a part of this process. */
  isOurs(workerId: string): boolean {
    return this.ours.has(workerId);
  }

  remove(workerId: string): void {
    this.ours.delete(workerId);
  }

  /** Records a call of an external worker. */
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

  /** Marks an external worker as waiting for a run. @returns a function that removes the mark */
  arrive(workerId: string): () => void {
    this.heard(workerId, (this.callers.get(workerId)?.waitingCalls ?? 0) + 1);
    return () => this.heard(workerId, this.callers.get(workerId)!.waitingCalls - 1);
  }

  /** Returns the external workers that wait for a run now, in the form of the stream's consumers. */
  calling(): { group: string; name: string; idleMs: number }[] {
    return [...this.callers].flatMap(([name, { waitingCalls }]) =>
      waitingCalls > 0 ? [{ group: HTTP_WORKER_GROUP, name, idleMs: 0 }] : [],
    );
  }

  /** Returns the slots of the embedded worker. */
  capacity(): { slots: number; busy: number } {
    let capacity = { slots: 0, busy: 0 };
    for (const { slots, busy } of this.ours.values()) {
      capacity = { slots: capacity.slots + slots, busy: capacity.busy + busy };
    }
    return capacity;
  }

  list(): PresentWorker[] {
    const embedded = [...this.ours].map(([workerId, { slots }]): PresentWorker => ({
      workerId,
      kind: 'embedded',
      lastHeardAt: this.clock.now(),
      slots,
    }));
    const external = this.recentCallers().map(([workerId, lastHeardAt]): PresentWorker => ({
      workerId,
      kind: 'external',
      lastHeardAt,
      slots: null,
    }));
    return [...embedded, ...external];
  }

  private recentCallers(): [string, Instant][] {
    const nowMs = this.clock.monotonicMs();
    return [...this.callers].flatMap(([workerId, caller]): [string, Instant][] => {
      if (caller.waitingCalls > 0) return [[workerId, this.clock.now()]];
      return nowMs - caller.heardAtMs > REMEMBER_MS ? [] : [[workerId, caller.heardAt]];
    });
  }
}
