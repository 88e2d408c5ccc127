import { Column, Entity, Index, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';

/** A private copy of the result of a run. */
@Entity('results')
@Index('results_by_run', ['runId'], { unique: true })
@Index('results_of_project', ['projectId', 'position'])
export class ResultEntity {
  /** Grows in the order in which results went live. */
  @PrimaryGeneratedColumn({ type: 'integer' }) position!: number;
  @Column({ name: 'run_id', type: 'text' }) runId!: string;
  @Column({ name: 'project_id', type: 'text' }) projectId!: string;
  @Column({ type: 'integer' }) number!: number;
  /** Relative to DATA_DIR. */
  @Column({ type: 'text' }) file!: string;
  @Column({ type: 'bigint' }) size!: number;
  /** When the run ended. */
  @Column({ name: 'made_at', type: 'text' }) madeAt!: string;
}

/** Which result of a project is live. */
@Entity('live_results')
export class LiveResultEntity {
  @PrimaryColumn({ name: 'project_id', type: 'text' }) projectId!: string;
  @Column({ type: 'integer' }) position!: number;
  @Column({ type: 'text' }) since!: string;
  /** Who went back to it; null if it went live with its run. */
  @Column({ name: 'chosen_by', type: 'text', nullable: true }) chosenBy!: string | null;
}

/** A pointer that a worker changed by itself, and the run after whose end that was seen. */
@Entity('foreign_pointers')
export class ForeignPointerEntity {
  @PrimaryColumn({ name: 'project_id', type: 'text' }) projectId!: string;
  /** The first line of the pointer. */
  @Column({ type: 'text' }) target!: string;
  @Column({ name: 'seen_run_id', type: 'text' }) seenRunId!: string;
  @Column({ name: 'seen_number', type: 'integer' }) seenNumber!: number;
  @Column({ name: 'seen_status', type: 'text' }) seenStatus!: string;
  @Column({ name: 'seen_at', type: 'text' }) seenAt!: string;
}
