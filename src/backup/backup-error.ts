/** A backup or restore is not possible, for a reason that its operator can fix. Shown without a stack. */
export class BackupError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'BackupError';
  }
}
