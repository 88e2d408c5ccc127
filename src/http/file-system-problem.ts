import { JobatoError } from './catalogue';

const RETRY_AFTER = { retryAfterSeconds: 5 };

/** Returns the error for a file system that refuses writes; null for every other error. */
export function fileSystemProblem(error: unknown): JobatoError | null {
  switch ((error as { code?: unknown } | null)?.code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new JobatoError(
        'STORAGE_FULL',
        'The disk is full, so the file cannot be saved. Free some space; no restart is needed.',
        RETRY_AFTER,
      );
    case 'EROFS':
      return new JobatoError(
        'STORAGE_UNAVAILABLE',
        'The disk is read-only, so the file cannot be saved. Make it writable; no restart is needed.',
        RETRY_AFTER,
      );
    case 'EIO':
      return new JobatoError('STORAGE_UNAVAILABLE', 'The disk reports errors. Check it.', RETRY_AFTER);
    default:
      return null;
  }
}
