import { Injectable } from '@nestjs/common';
import { Database } from '../database/database';
import type { Transaction } from '../database/writer';

interface Pinning {
  runId: string;
  pinned: 0 | 1;
}

/** The pins of runs. */
@Injectable()
export class PinRepository {
  constructor(private readonly database: Database) {}

  /** Sets or removes a pin. @returns whether that changed the run */
  readonly set = this.database.command(async (tx: Transaction, pinnings: Pinning[]): Promise<boolean[]> => {
    const changed = await tx.each(
      'UPDATE runs SET pinned = ?, revision = revision + 1 WHERE run_id = ? AND pinned <> ?',
      pinnings.map(({ runId, pinned }) => [pinned, runId, pinned]),
    );
    return changed.map((count) => count > 0);
  });
}
