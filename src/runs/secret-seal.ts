import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

export type Secrets = Record<string, string>;

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** JSON ignores blanks at its end. They hide the length of short values. */
const PADDED_TO = 256;

/**
 * Encrypts the secrets of a run with AES-256-GCM and a random nonce. The id of the run is authenticated too, so the
 * result is of no use in the row of another run.
 * @param key 32 bytes
 * @returns base64 of nonce, tag and ciphertext
 */
export function seal(key: Buffer, runId: string, secrets: Secrets): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce).setAAD(Buffer.from(runId));
  const json = Buffer.from(JSON.stringify(secrets));
  const padding = Buffer.alloc((PADDED_TO - (json.length % PADDED_TO)) % PADDED_TO, ' ');
  const sealed = Buffer.concat([cipher.update(json), cipher.update(padding), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64');
}

/** Returns the secrets of a run; null if they were encrypted with another key, for another run, or are damaged. */
export function unseal(key: Buffer, runId: string, sealed: string): Secrets | null {
  const bytes = Buffer.from(sealed, 'base64');
  try {
    const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    })
      .setAAD(Buffer.from(runId))
      .setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    const json = Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
    return JSON.parse(json.toString()) as Secrets;
  } catch {
    return null;
  }
}
