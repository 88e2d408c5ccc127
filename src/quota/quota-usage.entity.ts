import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** The calls of one attempt in one quota day. */
@Entity('quota_usage')
@Index('quota_usage_by_project', ['projectId', 'quotaDay'])
export class QuotaUsageEntity {
  @PrimaryColumn({ name: 'run_id', type: 'text' }) runId!: string;
  @PrimaryColumn({ type: 'integer' }) attempt!: number;
  /** The date on which the quota day began, in the zone of the reset policy. */
  @PrimaryColumn({ name: 'quota_day', type: 'text' }) quotaDay!: string;
  @Column({ name: 'project_id', type: 'text' }) projectId!: string;
  @Column({ type: 'integer' }) used!: number;
  /** Calls known only from the total, summed over the days of an attempt. On a single day it may be below 0. */
  @Column({ name: 'counted_ahead', type: 'integer' }) countedAhead!: number;
}
