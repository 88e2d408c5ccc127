import { isReadableName } from '../schemas/readable-name';

const MAX_LENGTH = 200;
/** Limit of common file systems for one path component, in bytes. */
const MAX_PART_BYTES = 255;

/**
 * Returns what is wrong with the name of an artifact, or null. A valid name may contain folders (`reports/today.md`).
 * It cannot leave the run's own folder on any operating system.
 */
export function flawOfArtifactName(name: string): string | null {
  if (name === '' || name.length > MAX_LENGTH) return `must be 1 to ${MAX_LENGTH} characters long`;
  if (!isReadableName(name) || name.includes('\\')) {
    return 'must not contain control characters, invisible characters, backslashes or unpaired surrogates';
  }
  const parts = name.split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..')) {
    return 'must be a relative path without "." and ".."';
  }
  return parts.some((part) => Buffer.byteLength(part) > MAX_PART_BYTES)
    ? `must have at most ${MAX_PART_BYTES} bytes per folder or file name`
    : null;
}
