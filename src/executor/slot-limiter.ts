import { Logger } from '@nestjs/common';
import type { Attempt, StopCause } from './attempt';

interface Slot {
  /**
   * The requested run until the claim succeeds, then the claimed run, which may be a newer one of the same project. Null
   * while any run may be claimed.
   */
  runId: string | null;
  attempt: Attempt | null;
  /** The cause of a stop requested while the claim is pending. The attempt is stopped once it exists. */
  stopCauses: StopCause[];
  /** A stop entry has arrived while the claim is pending. The attempt checks it once it exists. */
  mustCheckStop: boolean;
  /** Resolves when the slot is free again. */
  ended: Promise<void>;
}

/** The slots of a worker. Each slot executes one run at a time. */
export class SlotLimiter {
  private readonly logger = new Logger(SlotLimiter.name);
  private readonly taken = new Set<Slot>();
  private onFree: (() => void) | null = null;

  /** @param onChange receives the number of slots in use */
  constructor(
    private readonly count: number,
    private readonly onChange: (taken: number) => void = () => undefined,
  ) {}

  get free(): number {
    return this.count - this.taken.size;
  }

  /** Resolves when a slot is free or the worker stops. */
  async untilFree(stop: AbortSignal): Promise<void> {
    while (this.free <= 0 && !stop.aborted) {
      let onAbort: () => void = () => undefined;
      await new Promise<void>((resolve) => {
        this.onFree = onAbort = resolve;
        stop.addEventListener('abort', onAbort);
      });
      stop.removeEventListener('abort', onAbort);
    }
  }

  /** Resolves when the run's slot is free again; null if the run has no slot. */
  endOf(runId: string): Promise<void> | null {
    return this.find(runId)?.ended ?? null;
  }

  /** Returns the number of the current attempt at the run; null if there is none or its claim is pending. */
  attemptNumberOf(runId: string): number | null {
    return this.find(runId)?.attempt?.attempt ?? null;
  }

  /**
   * Uses a slot for a claim. Resolves when the claim has an answer; the attempt continues in the background.
   * @param runId the run to claim, if known in advance
   * @param claim returns null if there is nothing to execute
   * @returns whether there is something to execute
   */
  take(runId: string | null, claim: () => Promise<Attempt | null>): Promise<boolean> {
    return new Promise((decided, failed) => {
      const slot: Slot = {
        runId,
        attempt: null,
        stopCauses: [],
        mustCheckStop: false,
        ended: Promise.resolve(),
      };
      this.taken.add(slot);
      slot.ended = this.use(slot, claim, decided)
        .catch((error: unknown) => {
          if (slot.attempt !== null) {
            this.logger.error({
              runId: slot.attempt.runId,
              msg: `Executing the run failed: ${String(error)}`,
            });
          }
          failed(error);
        })
        .finally(() => this.release(slot));
    });
  }

  /** @returns whether this worker has the run */
  stop(runId: string, cause: StopCause): boolean {
    const slot = this.find(runId);
    if (!slot) return false;
    slot.stopCauses.push(cause);
    slot.attempt?.stop(cause);
    return true;
  }

  /** Handles a stop entry from the stream. The entry does not prove its sender, so the attempt asks the server. */
  checkStop(runId: string): void {
    const slot = this.find(runId);
    if (!slot) return;
    slot.mustCheckStop = true;
    slot.attempt?.checkStop();
  }

  stopAll(cause: StopCause): void {
    for (const slot of this.taken) {
      slot.stopCauses.push(cause);
      slot.attempt?.stop(cause);
    }
  }

  async allFree(): Promise<void> {
    while (this.taken.size > 0) await Promise.all([...this.taken].map(({ ended }) => ended));
  }

  private async use(
    slot: Slot,
    claim: () => Promise<Attempt | null>,
    decided: (isTaken: boolean) => void,
  ): Promise<void> {
    const attempt = await claim();
    decided(attempt !== null);
    if (!attempt) return;
    const sameProject = [...this.taken].filter(
      (other) => other !== slot && other.attempt?.projectId === attempt.projectId,
    );
    slot.runId = attempt.runId;
    slot.attempt = attempt;
    for (const cause of slot.stopCauses) attempt.stop(cause);
    if (slot.mustCheckStop) attempt.checkStop();
    this.onChange(this.taken.size);
    // An earlier attempt for the project that lost its lease may still be ending. Both would use the project's work folder.
    if (sameProject.length > 0) await Promise.all(sameProject.map(({ ended }) => ended));
    await attempt.carryOut();
  }

  private release(slot: Slot): void {
    this.taken.delete(slot);
    this.onChange(this.taken.size);
    this.onFree?.();
    this.onFree = null;
  }

  private find(runId: string): Slot | null {
    for (const slot of this.taken) if (slot.runId === runId) return slot;
    return null;
  }
}
