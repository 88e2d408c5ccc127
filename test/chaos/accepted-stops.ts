import { setTimeout as delay } from 'node:timers/promises';
import { processesWithEnvironment } from '../../src/executor/process-group';
import type { Chronicle } from './chronicle';

const LOOK_EVERY_MS = 1000;
/** A worker receives the stop at its next heartbeat at the latest, and its steps have 10 s between the two signals. */
const DEAD_WITHIN_MS = 10_000 + 10_000 + 10_000;

/** Checks runs whose stop was accepted: none of their processes may survive. */
export class AcceptedStops {
  private readonly acceptedMs = new Map<string, number>();
  private readonly ending = new AbortController();
  private readonly watching: Promise<void>;

  constructor(
    private readonly chronicle: Chronicle,
    private readonly find: (what: string) => void,
  ) {
    this.watching = this.watch();
  }

  add(runId: string): void {
    if (!this.acceptedMs.has(runId)) this.acceptedMs.set(runId, Date.now());
  }

  async end(): Promise<void> {
    this.ending.abort();
    await this.watching;
  }

  private async watch(): Promise<void> {
    const { signal } = this.ending;
    while (!signal.aborted) {
      for (const [runId, acceptedMs] of this.acceptedMs) this.look(runId, acceptedMs);
      await delay(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  private look(runId: string, acceptedMs: number): void {
    const nowMs = Date.now();
    // Faults after the acceptance delay the stop for as long as they last.
    const fromMs = Math.max(acceptedMs, this.chronicle.lastTroubleIn(acceptedMs, nowMs) ?? 0);
    if (nowMs < fromMs + DEAD_WITHIN_MS) return;
    this.acceptedMs.delete(runId);
    const alive = processesWithEnvironment(`JOBATO_RUN_ID=${runId}`);
    if (alive.length > 0)
      this.find(
        `${alive.length} processes of run ${runId} live ${Math.round((nowMs - acceptedMs) / 1000)} s after its stop was accepted`,
      );
  }
}
