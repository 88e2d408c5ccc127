/** The server cannot start, for a reason that its operator can fix. Shown as it is: one sentence or two, no stack. */
export class StartUpError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StartUpError';
  }
}
