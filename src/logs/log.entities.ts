import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { StepStart } from './step-starts';

/** Consecutive lines of a run's log in one row. One row per line would take ten times the time and space. */
@Entity('log_chunks')
export class LogChunkEntity {
  @PrimaryColumn({ name: 'run_id', type: 'text' }) runId!: string;
  @PrimaryColumn({ name: 'last_seq', type: 'integer' }) lastSeq!: number;
  @Column({ name: 'first_seq', type: 'integer' }) firstSeq!: number;
  /** JSON, in the format of log-chunk.ts. */
  @Column({ type: 'text' }) lines!: string;
}

/** State of a run's log. */
@Entity('log_ends')
export class LogEndEntity {
  @PrimaryColumn({ name: 'run_id', type: 'text' }) runId!: string;
  @Column({ name: 'last_seq', type: 'integer' }) lastSeq!: number;
  /** Stored bytes, which count towards the limit; see stored-size.ts. */
  @Column({ type: 'integer' }) bytes!: number;
  /** 1 once the log has reached its limit. The last line states that, and no line follows it. */
  @Column({ name: 'limit_reached', type: 'integer' }) limitReached!: number;
  /** Received line numbers of the latest attempt, as ranges. The worker assigns the numbers. */
  @Column({ name: 'seen_numbers', type: 'simple-json' }) seenNumbers!: Record<string, [number, number][]>;
  /** Where each step of each attempt begins; null for logs older than this column. */
  @Column({ name: 'step_starts', type: 'simple-json', nullable: true }) stepStarts!: StepStart[] | null;
}
