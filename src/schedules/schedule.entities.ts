import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Pause } from './pause';
import type { ScheduleKey, ScheduleOutcome, ScheduleRecord } from './schedule-record';

@Entity('schedule_records')
@Index('schedule_records_of_project', ['projectId', 'dueAt'])
@Index('schedule_records_by_outcome', ['projectId', 'schedule', 'outcome', 'dueAt'])
@Index('schedule_records_by_time', ['dueAt'])
@Index('schedule_records_by_run', ['runId'], { where: 'run_id IS NOT NULL' })
@Index('schedule_records_not_started', ['projectId', 'dueAt', 'schedule'], { where: "outcome <> 'started'" })
export class ScheduleRecordEntity implements ScheduleRecord {
  @PrimaryColumn({ name: 'project_id', type: 'text' }) projectId!: string;
  @PrimaryColumn({ type: 'text' }) schedule!: string;
  @PrimaryColumn({ name: 'due_at', type: 'text' }) dueAt!: string;
  @Column({ type: 'text' }) outcome!: ScheduleOutcome;
  @Column({ name: 'run_id', type: 'text', nullable: true }) runId!: string | null;
  @Column({ type: 'text', nullable: true }) reason!: string | null;
  @Column({ type: 'text', nullable: true }) detail!: string | null;
  @Column({ type: 'text', nullable: true }) until!: string | null;
  @Column({ type: 'integer' }) count!: number;
  @Column({ name: 'recorded_at', type: 'text' }) recordedAt!: string;
}

/** A schedule whose due times are recorded. It keeps its last due time when records are deleted. */
@Entity('schedules')
export class ScheduleStateEntity implements ScheduleKey {
  @PrimaryColumn({ name: 'project_id', type: 'text' }) projectId!: string;
  @PrimaryColumn({ type: 'text' }) schedule!: string;
  /** The expression that has applied since `recordedUntil`. */
  @Column({ type: 'text' }) cron!: string;
  @Column({ name: 'time_zone', type: 'text' }) timeZone!: string;
  /** All due times up to this one have records. */
  @Column({ name: 'recorded_until', type: 'text' }) recordedUntil!: string;
  /** The file that defines it, relative to the configuration folder; null if unknown. */
  @Column({ type: 'text', nullable: true }) file!: string | null;
  @Column({ name: 'last_due_at', type: 'text', nullable: true }) lastDueAt!: string | null;
}

@Entity('pauses')
export class PauseEntity implements Pause {
  @PrimaryColumn({ type: 'text' }) scope!: string;
  @Column({ name: 'paused_at', type: 'text' }) pausedAt!: string;
  @Column({ name: 'paused_by', type: 'text' }) pausedBy!: string;
  @Column({ type: 'text', nullable: true }) reason!: string | null;
  @Column({ type: 'text', nullable: true }) until!: string | null;
}
