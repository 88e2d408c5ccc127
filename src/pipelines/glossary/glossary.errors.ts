/** A failed step, with a code for programs and a sentence for readers. */
export class GlossaryError extends Error {
  constructor(
    readonly code: GlossaryErrorCode,
    message: string,
  ) {
    super(message);
    this.name = 'GlossaryError';
  }
}

export type GlossaryErrorCode =
  | 'NO_DOCUMENTS'
  | 'NO_READABLE_DOCUMENTS'
  | 'TOO_MANY_DOCUMENTS'
  | 'NO_TERMS'
  | 'INVALID_OPTION'
  | 'INVALID_TERMS_FILE'
  | 'MISSING_INPUT'
  | 'STALE_INPUT'
  | 'INVALID_INPUT';
