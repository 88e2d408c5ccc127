import { createHmac, hkdf, randomBytes, scrypt } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { Inject, Injectable } from '@nestjs/common';
import type { Config } from '../config/config';
import { CONFIG } from '../config/config.module';
import { StorageError } from '../database/storage-error';
import { PRIVATE_FILE } from '../lifecycle/private-files';

export const SECRET_KEY_FILE = 'secret-key';
const KEY_BYTES = 32;
/** Fixed, because the same JOBATO_SECRET_KEY must give the same key in every data folder. */
const SALT = 'jobato secret params';

/**
 * The key for secret params, from JOBATO_SECRET_KEY, else from a file in the data folder. The first use creates the
 * file, so that an installation without secrets has none.
 */
@Injectable()
export class SecretKey {
  private keys: Promise<{ encryption: Buffer; hashing: Buffer }> | null = null;

  constructor(@Inject(CONFIG) private readonly config: Pick<Config, 'secretKey' | 'dataDir'>) {}

  /** Returns 32 bytes. @throws StorageError if the key file cannot be read or created */
  async encryption(): Promise<Buffer> {
    return (await this.derived()).encryption;
  }

  /** Returns a hash of a text that does not help to guess the text without the key. Throws as `encryption`. */
  async hash(text: string): Promise<string> {
    return createHmac('sha256', (await this.derived()).hashing)
      .update(text)
      .digest('hex');
  }

  /** A failure is tried again: there may be space on the disk by then. */
  private derived() {
    this.keys ??= this.derive().catch((error: unknown) => {
      this.keys = null;
      throw error;
    });
    return this.keys;
  }

  private async derive() {
    const { secretKey, dataDir } = this.config;
    const source =
      secretKey === null
        ? keptIn(join(dataDir, SECRET_KEY_FILE))
        : // Slow on purpose: the text may be a passphrase.
          await promisify<string, string, number, Buffer>(scrypt)(secretKey, SALT, KEY_BYTES);
    const [encryption, hashing] = await Promise.all(
      ['encryption', 'hashing'].map((use) => keyFor(source, use)),
    );
    return { encryption: encryption!, hashing: hashing! };
  }
}

async function keyFor(source: Buffer, use: string): Promise<Buffer> {
  return Buffer.from(await promisify(hkdf)('sha256', source, SALT, use, KEY_BYTES));
}

function keptIn(file: string): Buffer {
  try {
    return read(file) ?? create(file);
  } catch (error) {
    if (error instanceof StorageError) throw error;
    const isFull = (error as NodeJS.ErrnoException).code === 'ENOSPC';
    const what = `The key for secret parameters (${SECRET_KEY_FILE} in DATA_DIR) cannot be read or created`;
    throw isFull
      ? new StorageError('full', {
          cause: error,
          detail: `${what} because the disk is full. Free some space.`,
        })
      : new StorageError('broken', { cause: error, detail: `${what}. Check its permissions.` });
  }
}

/** @returns null if there is no file */
function read(file: string): Buffer | null {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  if (/^[0-9a-f]{64}$/.test(text)) return Buffer.from(text, 'hex');
  // A new key would make the secrets of active runs unreadable, so the operator decides.
  throw new StorageError('broken', {
    detail: `The key for secret parameters (${SECRET_KEY_FILE} in DATA_DIR) is damaged. Restore the file, or delete it.`,
  });
}

/** The file is on the disk before any secret is stored: after a power failure, it must still open them. */
function create(file: string): Buffer {
  const key = randomBytes(KEY_BYTES);
  mkdirSync(dirname(file), { recursive: true });
  const handle = openSync(`${file}.new`, 'w', PRIVATE_FILE);
  try {
    writeSync(handle, key.toString('hex'));
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(`${file}.new`, file);
  const folder = openSync(dirname(file), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
  return key;
}
