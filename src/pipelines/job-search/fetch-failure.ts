export type FetchFailureCode =
  | 'broken-answer'
  | 'connection'
  | 'host-not-allowed'
  | 'http-status'
  | 'not-found'
  | 'not-html'
  | 'private-address'
  | 'robots'
  | 'timeout'
  | 'too-large'
  | 'too-many-redirects';

interface Details {
  /** Another try may succeed. */
  isTemporary?: boolean;
  retryAfterSeconds?: number | null;
  status?: number;
}

/** A page or a list of postings that could not be read. It is counted, and the step goes on. */
export class FetchFailure extends Error {
  readonly isTemporary: boolean;
  readonly retryAfterSeconds: number | null;
  /** Null if there was no answer. */
  readonly status: number | null;

  constructor(
    readonly code: FetchFailureCode,
    message: string,
    { isTemporary = false, retryAfterSeconds = null, status }: Details = {},
  ) {
    super(message);
    this.name = 'FetchFailure';
    this.isTemporary = isTemporary;
    this.retryAfterSeconds = retryAfterSeconds;
    this.status = status ?? null;
  }
}
