import { JobatoError } from './problem-catalogue';

const RETRY_AFTER = { retryAfterSeconds: 5 };

/** Returns the error for a file system that refuses writes; null for every other error. */
export function fileSystemProblem(error: unknown): JobatoError | null {
  switch ((error as { code?: unknown } | null)?.code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new JobatoError(
        'STORAGE_FULL',
        'The file was not saved because the disk is full. Free some space. No restart is needed.',
        RETRY_AFTER,
      );
    case 'EROFS':
      return new JobatoError(
        'STORAGE_UNAVAILABLE',
        'The file was not saved because the disk is read-only. Make the disk writable. No restart is needed.',
        RETRY_AFTER,
      );
    case 'EIO':
      return new JobatoError(
        'STORAGE_UNAVAILABLE',
        'The file was not saved because the disk reports errors. Check the disk.',
        RETRY_AFTER,
      );
    default:
      return null;
  }
}
