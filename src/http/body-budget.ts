/** A share of the memory for bodies; null where there is no room for it. */
export type Share = { release: () => void } | null;

/** Memory for the bodies of all requests together. One body has a limit of its own; a thousand at once need one too. */
export class BodyBudget {
  private taken = 0;

  constructor(private readonly bytes: number) {}

  take(bytes: number): Share {
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
