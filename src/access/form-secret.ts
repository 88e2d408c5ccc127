import { createHmac, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config/config';

const FILE = 'form-secret';

/**
 * Returns the secret for form tokens. It must survive a restart, because pages stay open longer than a server process.
 * It must also be the same on every server of the installation. With an admin token, it is derived from that. Without
 * one, only this machine is served, and the secret is a file in the data folder.
 */
export function formSecret({ adminToken, dataDir }: Pick<Config, 'adminToken' | 'dataDir'>): string {
  return adminToken === null
    ? kept(join(dataDir, FILE))
    : createHmac('sha256', adminToken).update('jobato forms').digest('hex');
}

function kept(file: string): string {
  const known = read(file);
  if (known !== null) return known;
  const secret = randomBytes(32).toString('hex');
  mkdirSync(join(file, '..'), { recursive: true });
  // Write atomically: after a power failure, a partial file would be replaced by a new secret.
  writeFileSync(`${file}.new`, secret, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return secret;
}

function read(file: string): string | null {
  try {
    const secret = readFileSync(file, 'utf8').trim();
    return /^[0-9a-f]{64}$/.test(secret) ? secret : null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
