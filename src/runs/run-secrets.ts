import { Injectable } from '@nestjs/common';
import type { Transaction } from '../database/writer';
import type { RunSecretsEntity } from './run.entity';
import { RunSecretRepository } from './run-secret.repository';
import { SecretKey } from './secret-key';
import { seal, type Secrets, unseal } from './secret-seal';

/** The values of a run's secret params. They are stored only in encrypted form, and only until the run ends. */
@Injectable()
export class RunSecrets {
  constructor(
    private readonly key: SecretKey,
    private readonly rows: RunSecretRepository,
  ) {}

  /** Returns the encrypted form of secrets; null without any. @throws StorageError if the key cannot be read */
  async sealed(runId: string, secrets: Secrets): Promise<string | null> {
    return Object.keys(secrets).length === 0 ? null : seal(await this.key.encryption(), runId, secrets);
  }

  /** @param rows encrypted secrets of new runs */
  insert(tx: Transaction, rows: RunSecretsEntity[]): Promise<void> {
    return this.rows.insert(tx, rows);
  }

  /**
   * Returns the secrets of an active run; null if they cannot be decrypted because the key is another one.
   * @throws StorageError if the key or the database cannot be read
   */
  async of(runId: string): Promise<Secrets | null> {
    const sealed = await this.rows.find(runId);
    return sealed === null ? {} : unseal(await this.key.encryption(), runId, sealed);
  }
}
