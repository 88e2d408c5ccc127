/** Waits for a sign that there is something to do. A sign that comes while nobody waits is kept, so none is missed. */
export class Waker {
  private woken = false;
  private onWake: (() => void) | null = null;

  wake(): void {
    this.woken = true;
    this.onWake?.();
  }

  /** @returns true if it was woken, false if `ms` went by */
  async wait(ms: number): Promise<boolean> {
    if (!this.woken) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.onWake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.onWake = null;
    }
    const { woken } = this;
    this.woken = false;
    return woken;
  }
}
