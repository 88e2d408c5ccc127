import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The number of a run's events that its history lists, and the number applied without being listed. */
@Entity('run_event_counts')
export class RunEventCountsEntity {
  @PrimaryColumn({ name: 'run_id', type: 'text' }) runId!: string;
  /** Without logs and heartbeats. */
  @Column({ type: 'integer' }) listed!: number;
  @Column({ name: 'listed_bytes', type: 'integer' }) listedBytes!: number;
  /** Heartbeats in the inbox. */
  @Column({ name: 'signs_of_life', type: 'integer' }) heartbeats!: number;
  @Column({ type: 'integer' }) unlisted!: number;
  /** Listed events from senders that do not hold the run. */
  @Column({ name: 'foreign_events', type: 'integer', default: 0 }) foreign!: number;
}
