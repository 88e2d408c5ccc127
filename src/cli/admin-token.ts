import type { Environment } from '../config/environment';
import { readSecretFiles } from '../config/secrets';
import { usageFailure } from './failures';

/** Returns the server's token from its variable or file, or null. @throws CliFailure for an unusable file */
export function adminToken(environment: Environment): string | null {
  const { values, flaws } = readSecretFiles(environment, process.cwd(), ['JOBATO_ADMIN_TOKEN']);
  if (flaws.length > 0) throw usageFailure(flaws.map(({ text }) => text).join('\n'));
  return values.JOBATO_ADMIN_TOKEN ?? (environment.JOBATO_ADMIN_TOKEN?.trim() || null);
}
