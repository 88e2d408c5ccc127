/** Lets long tasks run one after another. */
export class OneByOne {
  private last: Promise<unknown> = Promise.resolve();

  /** @param isLong other tasks run at once */
  run<Result>(isLong: boolean, task: () => Promise<Result>): Promise<Result> {
    if (!isLong) return task();
    const result = this.last.then(task);
    this.last = result.catch(() => undefined);
    return result;
  }
}
