import { isReadableName } from '../events/readable-name';

const MAX_LENGTH = 200;
/** File systems take no more for one part of a path. */
const MAX_PART_BYTES = 255;

/**
 * What is wrong with the name that a worker gives a file, or null. It may lead into folders of the run's own
 * (`reports/today.md`), and nowhere else, on whichever system.
 */
export function flawOfArtifactName(name: string): string | null {
  if (name === '' || name.length > MAX_LENGTH) return `must have from 1 to ${MAX_LENGTH} characters`;
  if (!isReadableName(name) || name.includes('\\')) {
    return 'must not have control characters, invisible characters, backslashes or halves of characters';
  }
  const parts = name.split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..')) {
    return 'must be a relative path without "." and ".."';
  }
  return parts.some((part) => Buffer.byteLength(part) > MAX_PART_BYTES)
    ? `must have at most ${MAX_PART_BYTES} bytes between its slashes`
    : null;
}
