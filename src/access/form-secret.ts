import { createHmac, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config/config';

const FILE = 'form-secret';

/**
 * What the tokens of forms are made with. A page that stays open all day outlives the server that made it, so it has to
 * be the same after a restart, and on every server that answers for the same installation: with an admin token it
 * follows from that. Without one only this machine is served, and the secret lies beside its data.
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
  // In one step: half a file after a loss of power would only be replaced by another secret.
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
