/** Smaller bodies are not counted, so that an exhausted budget never blocks heartbeats. */
const ALWAYS_ROOM_BYTES = 16 * 1024;

/** A share of the memory for bodies; null if the budget is exhausted. */
export type Share = { release: () => void } | null;

/**
 * Memory budget for the bodies of all requests together. Each body has its own limit, but many bodies at the same time
 * also need a limit on their total.
 */
export class BodyBudget {
  private taken = 0;

  constructor(private readonly bytes: number) {}

  take(bytes: number): Share {
    if (bytes <= ALWAYS_ROOM_BYTES) return { release: () => undefined };
    if (this.taken + bytes > this.bytes) return null;
    this.taken += bytes;
    let isTaken = true;
    return {
      release: () => {
        if (isTaken) this.taken -= bytes;
        isTaken = false;
      },
    };
  }
}
