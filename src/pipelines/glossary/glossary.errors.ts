/** Why a step could not do its work, in a code for machines and a sentence for people. */
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
