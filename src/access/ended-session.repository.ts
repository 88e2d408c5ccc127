import { Injectable } from '@nestjs/common';
import type { Instant } from '../clock/clock';
import { Database } from '../database/database';
import type { Transaction } from '../database/writer';

/** Sessions that a user ended before their expiry. */
@Injectable()
export class EndedSessionRepository {
  constructor(private readonly database: Database) {}

  /** Called for each request of a signed-in user. */
  async has(sessionId: string): Promise<boolean> {
    const rows = await this.database.read.query('SELECT 1 FROM ended_sessions WHERE session_id = ?', [
      sessionId,
    ]);
    return rows.length > 0;
  }

  /** Adds an ended session, and deletes those that have expired by now. */
  readonly add = this.database.command(
    async (tx: Transaction, ends: { id: string; expiresAt: Instant; now: Instant }[]): Promise<void[]> => {
      for (const { id, expiresAt, now } of ends) {
        await tx.query('DELETE FROM ended_sessions WHERE expires_at < ?', [now]);
        await tx.query(
          'INSERT INTO ended_sessions (session_id, expires_at) VALUES (?, ?) ON CONFLICT DO NOTHING',
          [id, expiresAt],
        );
      }
      return ends.map(() => undefined);
    },
  );
}
