/** Wakes a waiting loop. A wake-up that comes while the loop is busy is kept, so none is missed. */
export class ChangeNotifier {
  private woken = false;
  private onWake: (() => void) | null = null;

  wake(): void {
    this.woken = true;
    this.onWake?.();
  }

  /** @returns true after a wake-up, false after `ms` milliseconds */
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
