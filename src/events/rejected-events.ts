import { Injectable } from '@nestjs/common';
import { validate as isUuid } from 'uuid';
import { Clock } from '../clock/clock';
import { Database } from '../database/database';
import { inList, type TableRows } from '../database/table-rows';
import type { Transaction } from '../database/writer';
import { JobatoError } from '../problems/catalogue';
import { RejectedEventEntity } from './event.entities';
import { EventStream } from './event-stream';
import type { StreamFields } from './run-event';

/** No field of a valid event is longer; what is kept of one that is, is enough to see who sent it. */
const MAX_FIELD_LENGTH = 1024 * 1024;

/** Events that could not be applied: kept with the reason until a person sends them again or throws them away. */
@Injectable()
export class RejectedEvents {
  private readonly rows: TableRows<RejectedEventEntity>;

  constructor(
    private readonly database: Database,
    private readonly stream: EventStream,
    private readonly clock: Clock,
  ) {
    this.rows = database.rows(RejectedEventEntity);
  }

  /**
   * Before they are acknowledged, so that none is lost; one that comes again because a crash was quicker than the
   * acknowledgement is on the list already, and is not listed twice.
   */
  async put(
    tx: Transaction,
    rejected: { entryId: string; reason: string; fields: Record<string, string> }[],
  ): Promise<void> {
    if (rejected.length === 0) return;
    const rejectedAt = this.clock.now();
    const entryIds = rejected.map(({ entryId }) => entryId);
    const listed = new Set(
      (await this.rows.select(tx, `WHERE entry_id IN ${inList(entryIds)}`, entryIds)).map(
        ({ entryId }) => entryId,
      ),
    );
    const fresh = rejected.filter(({ entryId }) => !listed.has(entryId) && listed.add(entryId));
    await this.rows.insert(
      tx,
      fresh.map(({ entryId, reason, fields }) => ({
        entryId,
        reason,
        runId: fields.runId && isUuid(fields.runId) ? fields.runId.toLowerCase() : null,
        fields: Object.fromEntries(
          Object.entries(fields).map(([name, value]) => [name, value.slice(0, MAX_FIELD_LENGTH)]),
        ),
        rejectedAt,
      })),
    );
  }

  /** Whether there is one to decide on, however many there are. */
  async any(): Promise<boolean> {
    const found = await this.database.read.query('SELECT 1 FROM rejected_events LIMIT 1');
    return found.length > 0;
  }

  /** Newest first. */
  async list(
    limit: number,
    before?: number,
  ): Promise<{ items: RejectedEventEntity[]; nextCursor: string | null }> {
    const items = await this.rows.select(this.database.read, 'WHERE id < ? ORDER BY id DESC LIMIT ?', [
      before ?? Number.MAX_SAFE_INTEGER,
      limit + 1,
    ]);
    const more = items.length > limit;
    const page = items.slice(0, limit);
    return { items: page, nextCursor: more ? String(page.at(-1)!.id) : null };
  }

  async count(): Promise<number> {
    const [row] = await this.database.read.query<{ count: number }>(
      'SELECT COUNT(*) AS count FROM rejected_events',
    );
    return Number(row?.count ?? 0);
  }

  /**
   * Puts the event on the stream again, then takes it off the list. It is marked, because it came from outside even
   * where the stream itself is private to this server.
   */
  async redeliver(id: number): Promise<void> {
    const [rejected] = await this.rows.select(this.database.read, 'WHERE id = ?', [id]);
    if (!rejected) throw notFound(id);
    await this.stream.publish([{ ...(rejected.fields as unknown as StreamFields), redelivered: '1' }]);
    await this.database.write(this.deleteRows, id);
  }

  async discard(id: number): Promise<void> {
    if (!(await this.database.write(this.deleteRows, id))) throw notFound(id);
  }

  private readonly deleteRows = async (tx: Transaction, ids: number[]): Promise<boolean[]> => {
    const found: boolean[] = [];
    for (const id of ids) {
      const deleted = await tx.query('DELETE FROM rejected_events WHERE id = ? RETURNING id', [id]);
      found.push(deleted.length > 0);
    }
    return found;
  };
}

function notFound(id: number): JobatoError {
  return new JobatoError(
    'REJECTED_EVENT_NOT_FOUND',
    `There is no rejected event ${id}: it was sent again or discarded.`,
  );
}
