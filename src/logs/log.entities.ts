import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { StepStart } from './step-starts';

/** Some consecutive lines of a run's log, as one row: a row a line would cost ten times the time and room. */
@Entity('log_chunks')
export class LogChunkEntity {
  @PrimaryColumn({ name: 'run_id', type: 'text' }) runId!: string;
  @PrimaryColumn({ name: 'last_seq', type: 'integer' }) lastSeq!: number;
  @Column({ name: 'first_seq', type: 'integer' }) firstSeq!: number;
  /** JSON, in the form of log-chunk.ts. */
  @Column({ type: 'text' }) lines!: string;
}

/** How far a run's log has come. */
@Entity('log_ends')
export class LogEndEntity {
  @PrimaryColumn({ name: 'run_id', type: 'text' }) runId!: string;
  @Column({ name: 'last_seq', type: 'integer' }) lastSeq!: number;
  /** What is stored so far, in bytes, which the limit counts; see stored-size.ts. */
  @Column({ type: 'integer' }) bytes!: number;
  /** The line that says so is in the log; nothing follows it. */
  @Column({ name: 'limit_reached', type: 'integer' }) limitReached!: number;
  /** By the latest attempt, the worker's own line numbers that were seen, as ranges. */
  @Column({ name: 'seen_numbers', type: 'simple-json' }) seenNumbers!: Record<string, [number, number][]>;
  /** Where each step of each attempt begins; null where the log is older than this. */
  @Column({ name: 'step_starts', type: 'simple-json', nullable: true }) stepStarts!: StepStart[] | null;
}
