import { Injectable } from '@nestjs/common';
import { jsonHash } from '../projects/json-hash';
import { keyReused } from './idempotency-key';
import { IdempotencyKeyRepository } from './idempotency-key.repository';
import { SecretKey } from './secret-key';

/** Marks the hash of a request with secrets. */
const KEYED = 'hmac-sha256:';

/** Recognises a request that is sent again with the same `Idempotency-Key`. */
@Injectable()
export class IdempotentRequests {
  constructor(
    private readonly keys: IdempotencyKeyRepository,
    private readonly secretKey: SecretKey,
  ) {}

  /**
   * Returns the first answer to the request, as JSON; null for a new request.
   * @throws JobatoError IDEMPOTENCY_KEY_REUSED
   */
  async firstAnswer(key: string, asked: object): Promise<string | null> {
    const first = await this.keys.find(key);
    if (!first) return null;
    const requestHash = await this.hash(asked, first.requestHash.startsWith(KEYED));
    if (first.requestHash !== requestHash) throw keyReused();
    return first.answer;
  }

  /**
   * Returns the hash of a request as it was sent. With secrets it is keyed: a short secret could be guessed from a
   * plain hash. Other requests keep the plain one, which needs no key and which earlier versions have stored.
   */
  async hash(asked: object, hasSecrets: boolean): Promise<string> {
    const hash = jsonHash(asked);
    return hasSecrets ? `${KEYED}${await this.secretKey.hash(hash)}` : hash;
  }
}
