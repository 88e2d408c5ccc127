import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/**
 * The outbox: events that are not published yet. Inserted in the transaction that made them true, deleted after
 * publishing.
 */
@Entity('outbox')
@Index('outbox_by_run', ['runId'])
export class OutboxEntity {
  @PrimaryColumn({ type: 'integer', generated: 'increment' }) position!: number;
  @Column({ name: 'event_id', type: 'text' }) eventId!: string;
  @Column({ name: 'event_type', type: 'text' }) eventType!: string;
  @Column({ name: 'event_version', type: 'text' }) eventVersion!: string;
  @Column({ name: 'occurred_at', type: 'text' }) occurredAt!: string;
  @Column({ name: 'run_id', type: 'text' }) runId!: string;
  @Column({ type: 'text' }) payload!: string;
}

/** Entry id of the latest request of a run on a volatile stream. Kept until a worker claims the run. */
@Entity('published_requests')
export class PublishedRequestEntity {
  @PrimaryColumn({ name: 'run_id', type: 'text' }) runId!: string;
  @Column({ name: 'entry_id', type: 'text' }) entryId!: string;
}

export type EventOrigin = 'server' | 'worker';

/** The inbox. An event and its row are stored in one transaction, and an event in the inbox is never applied again. */
@Entity('applied_events')
@Index('applied_events_by_id', ['eventId'], { unique: true })
@Index('applied_events_by_run', ['runId', 'position'])
@Index('late_events_by_run', ['runId', 'position'], { where: "outcome = 'already-ended'" })
@Index('attempts_by_run', ['runId', 'position'], { where: "event_type IN ('run.requested', 'run.started')" })
export class AppliedEventEntity {
  @PrimaryColumn({ type: 'integer', generated: 'increment' }) position!: number;
  @Column({ name: 'event_id', type: 'text' }) eventId!: string;
  @Column({ name: 'event_type', type: 'text' }) eventType!: string;
  @Column({ name: 'occurred_at', type: 'text' }) occurredAt!: string;
  @Column({ name: 'applied_at', type: 'text' }) appliedAt!: string;
  @Column({ name: 'run_id', type: 'text' }) runId!: string;
  @Column({ type: 'text' }) payload!: string;
  /** `applied`, or the reason why the event changed nothing. */
  @Column({ type: 'text' }) outcome!: string;
  /** The stream entry of the event; null for the server's own events. */
  @Column({ name: 'entry_id', type: 'text', nullable: true }) entryId!: string | null;
  /** Hash of the whole payload; set if `payload` is only a part of it. */
  @Column({ name: 'payload_hash', type: 'text', nullable: true }) payloadHash!: string | null;
  /** `server`: a request to workers that this server published. */
  @Column({ type: 'text', default: 'worker' }) origin!: EventOrigin;
  /** Set together with `toPhase` if the event changed the run's phase. */
  @Column({ name: 'from_phase', type: 'text', nullable: true }) fromPhase!: string | null;
  @Column({ name: 'to_phase', type: 'text', nullable: true }) toPhase!: string | null;
}

/** Events that could not be applied, with the reason and the received fields. */
@Entity('rejected_events')
@Index('rejected_events_by_entry', ['entryId'])
@Index('rejected_events_by_run', ['runId', 'id'], { where: 'run_id IS NOT NULL' })
export class RejectedEventEntity {
  @PrimaryColumn({ type: 'integer', generated: 'increment' }) id!: number;
  @Column({ name: 'entry_id', type: 'text' }) entryId!: string;
  @Column({ type: 'text' }) reason!: string;
  @Column({ type: 'simple-json' }) fields!: Record<string, string>;
  /** Run id from the event; null if it has none. */
  @Column({ name: 'run_id', type: 'text', nullable: true }) runId!: string | null;
  @Column({ name: 'rejected_at', type: 'text' }) rejectedAt!: string;
  /** Size of the kept fields. */
  @Column({ type: 'integer', default: 0 }) bytes!: number;
  /** Original size; null if the event is kept whole. */
  @Column({ name: 'received_bytes', type: 'integer', nullable: true }) receivedBytes!: number | null;
}

/** Single row: totals of kept and dropped rejected events. */
@Entity('rejected_totals')
export class RejectedTotalsEntity {
  @PrimaryColumn({ type: 'integer' }) id!: number;
  @Column({ type: 'integer' }) events!: number;
  @Column({ type: 'integer' }) bytes!: number;
  @Column({ type: 'integer' }) dropped!: number;
}

/** Single row: the id of this database. */
@Entity('installation')
export class InstallationEntity {
  @PrimaryColumn({ name: 'installation_id', type: 'text' }) installationId!: string;
}

/** Entries of the embedded stream, as `XADD` adds them in Redis. */
@Entity('stream_entries')
export class StreamEntryEntity {
  @PrimaryColumn({ type: 'integer', generated: 'increment' }) id!: number;
  @Column({ type: 'simple-json' }) fields!: Record<string, string>;
  @Column({ name: 'added_at', type: 'text' }) addedAt!: string;
}

/** A consumer group of the embedded stream, with its offset. */
@Entity('stream_groups')
export class StreamGroupEntity {
  @PrimaryColumn({ name: 'group_name', type: 'text' }) groupName!: string;
  @Column({ name: 'last_delivered_id', type: 'integer' }) lastDeliveredId!: number;
}

/** Entries delivered to a consumer that has not acknowledged them. */
@Entity('stream_pending')
export class StreamPendingEntity {
  @PrimaryColumn({ name: 'group_name', type: 'text' }) groupName!: string;
  @PrimaryColumn({ name: 'entry_id', type: 'integer' }) entryId!: number;
  @Column({ type: 'text' }) consumer!: string;
  @Column({ name: 'delivered_at', type: 'text' }) deliveredAt!: string;
  @Column({ name: 'delivery_count', type: 'integer' }) deliveryCount!: number;
}
