import { Logger } from '@nestjs/common';
import type { Attempt, StopCause } from './attempt';

interface Place {
  /** Of what was asked for; what was got may be a newer run of the same project. */
  runId: string | null;
  attempt: Attempt | null;
  /** Somebody may ask for a stop between the claim and the start. */
  stopCause: StopCause | null;
  /** An entry asked for a stop before the attempt was there. */
  mustCheckStop: boolean;
  /** Resolves when the place is free again. */
  ended: Promise<void>;
}

/** The places of a worker, in each of which one run at a time is carried out. */
export class Places {
  private readonly logger = new Logger(Places.name);
  private readonly taken = new Set<Place>();
  private onFree: (() => void) | null = null;

  /** @param onChange is told how many are taken */
  constructor(
    private readonly count: number,
    private readonly onChange: (taken: number) => void = () => undefined,
  ) {}

  get free(): number {
    return this.count - this.taken.size;
  }

  /** Resolves as soon as there is a free place, or the worker stops. */
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

  /** Resolves when the run's place is free again; null if it has none. */
  endOf(runId: string): Promise<void> | null {
    return this.find(runId)?.ended ?? null;
  }

  /** The attempt that is carried out at the run; null if there is none, or its claim is not decided. */
  attemptAt(runId: string): number | null {
    return this.find(runId)?.attempt?.attempt ?? null;
  }

  /**
   * Takes a place. Resolves once it is decided whether there is something to carry out; that goes on beside.
   * @param runId what is claimed, where that is known before
   * @param claim null means that there is nothing to do
   */
  take(runId: string | null, claim: () => Promise<Attempt | null>): Promise<boolean> {
    return new Promise((decided, failed) => {
      const place: Place = {
        runId,
        attempt: null,
        stopCause: null,
        mustCheckStop: false,
        ended: Promise.resolve(),
      };
      this.taken.add(place);
      place.ended = this.use(place, claim, decided)
        .catch((error: unknown) => {
          if (place.attempt !== null) {
            this.logger.error({
              runId: place.attempt.runId,
              msg: `The run could not be carried out: ${String(error)}`,
            });
          }
          failed(error);
        })
        .finally(() => this.leave(place));
    });
  }

  /** @returns whether the run is here */
  stop(runId: string, cause: StopCause): boolean {
    const place = this.find(runId);
    if (!place) return false;
    place.stopCause ??= cause;
    place.attempt?.stop(cause);
    return true;
  }

  /** An entry on the stream asks for a stop. It shows no authority, so the attempt asks the server. */
  checkStop(runId: string): void {
    const place = this.find(runId);
    if (!place) return;
    place.mustCheckStop = true;
    place.attempt?.checkStop();
  }

  stopAll(cause: StopCause): void {
    for (const place of this.taken) {
      place.stopCause ??= cause;
      place.attempt?.stop(cause);
    }
  }

  async allFree(): Promise<void> {
    while (this.taken.size > 0) await Promise.all([...this.taken].map(({ ended }) => ended));
  }

  private async use(
    place: Place,
    claim: () => Promise<Attempt | null>,
    decided: (isTaken: boolean) => void,
  ): Promise<void> {
    const attempt = await claim();
    decided(attempt !== null);
    if (!attempt) return;
    const before = [...this.taken].filter(
      (other) => other !== place && other.attempt?.projectId === attempt.projectId,
    );
    place.runId = attempt.runId;
    place.attempt = attempt;
    if (place.stopCause !== null) attempt.stop(place.stopCause);
    if (place.mustCheckStop) attempt.checkStop();
    this.onChange(this.taken.size);
    // What lost its lease is still being ended: both would work in the folder of the project.
    if (before.length > 0) await Promise.all(before.map(({ ended }) => ended));
    await attempt.carryOut();
  }

  private leave(place: Place): void {
    this.taken.delete(place);
    this.onChange(this.taken.size);
    this.onFree?.();
    this.onFree = null;
  }

  private find(runId: string): Place | null {
    for (const place of this.taken) if (place.runId === runId) return place;
    return null;
  }
}
