import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { LastingCondition } from '../projects/notify-rules';
import type { Answer } from './answer';
import type { Delivery, DeliveryFacts, DeliveryKind, DeliveryState, OpenCondition } from './delivery';

/** The outbox of notifications. A row is inserted in the transaction that causes it. */
@Entity('notification_deliveries')
@Index('deliveries_by_id', ['id'], { unique: true })
@Index('deliveries_by_channel', ['channelId', 'position'])
@Index('deliveries_by_end', ['endedAt'])
@Index('pending_deliveries', ['channelId', 'dueAtMs', 'position'], { where: "state = 'pending'" })
@Index('deliveries_by_run', ['runId'], { where: 'run_id IS NOT NULL' })
@Index('deliveries_by_project', ['projectId', 'position'], { where: 'project_id IS NOT NULL' })
export class DeliveryEntity implements Delivery {
  @PrimaryColumn({ type: 'integer', generated: 'increment' }) position!: number;
  @Column({ type: 'text' }) id!: string;
  @Column({ name: 'channel_id', type: 'text' }) channelId!: string;
  @Column({ type: 'text' }) kind!: DeliveryKind;
  @Column({ name: 'project_id', type: 'text', nullable: true }) projectId!: string | null;
  @Column({ name: 'run_id', type: 'text', nullable: true }) runId!: string | null;
  @Column({ type: 'text', nullable: true }) subject!: string | null;
  @Column({ type: 'simple-json' }) facts!: DeliveryFacts;
  @Column({ name: 'error_lines', type: 'simple-json', nullable: true }) errorLines!: string[] | null;
  @Column({ name: 'created_at', type: 'text' }) createdAt!: string;
  @Column({ type: 'text' }) state!: DeliveryState;
  @Column({ type: 'integer' }) attempts!: number;
  @Column({ name: 'waited_ms', type: 'integer' }) waitedMs!: number;
  @Column({ name: 'due_at_ms', type: 'integer' }) dueAtMs!: number;
  @Column({ name: 'tried_at', type: 'text', nullable: true }) triedAt!: string | null;
  @Column({ type: 'simple-json', nullable: true }) answer!: Answer | null;
  @Column({ name: 'ended_at', type: 'text', nullable: true }) endedAt!: string | null;
}

/** A condition that lasts. The row is deleted when it is over, so that each is announced once. */
@Entity('notification_conditions')
@Index('conditions_by_project', ['projectId'])
@Index('conditions_by_run', ['runId'], { where: 'run_id IS NOT NULL' })
export class ConditionEntity implements OpenCondition {
  @PrimaryColumn({ type: 'text' }) kind!: LastingCondition;
  @PrimaryColumn({ type: 'text' }) subject!: string;
  @Column({ name: 'project_id', type: 'text' }) projectId!: string;
  @Column({ name: 'run_id', type: 'text', nullable: true }) runId!: string | null;
  @Column({ type: 'simple-json' }) facts!: DeliveryFacts;
  /** The channels that received the announcement. Only they receive that it is over. */
  @Column({ type: 'simple-json' }) told!: string[];
}

/** The last try of each channel. It outlives the deliveries, which are deleted with their runs. */
@Entity('notification_channels')
export class ChannelStateEntity {
  @PrimaryColumn({ name: 'channel_id', type: 'text' }) channelId!: string;
  @Column({ name: 'delivered_at', type: 'text', nullable: true }) deliveredAt!: string | null;
  @Column({ name: 'tried_at', type: 'text' }) triedAt!: string;
  @Column({ type: 'simple-json' }) answer!: Answer;
  /** Failed tries since the last success. */
  @Column({ type: 'integer' }) failures!: number;
}
