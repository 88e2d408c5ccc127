/** A failed step, with a code for programs and a sentence for readers. */
export class JobSearchError extends Error {
  constructor(
    readonly code: JobSearchErrorCode,
    message: string,
  ) {
    super(message);
    this.name = 'JobSearchError';
  }
}

export type JobSearchErrorCode =
  | 'ALL_SOURCES_FAILED'
  | 'INVALID_CURRENT_RESULT'
  | 'INVALID_INPUTS'
  | 'INVALID_OPTION'
  | 'INVALID_SOURCES'
  | 'INVALID_STEP_FILE'
  | 'MISSING_STEP_FILE'
  | 'NO_INPUTS'
  | 'NO_SOURCES'
  | 'STALE_STEP_FILE';
