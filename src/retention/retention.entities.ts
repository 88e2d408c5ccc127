import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Part } from './retention-rule';

/**
 * A deletion in progress. The transaction that deletes a run, or that marks a part of it as removed, adds the row. It
 * stays until the last row and the last file are deleted, so that every start can continue.
 */
@Entity('purges')
@Index('purges_by_run', ['runId', 'part'], { unique: true })
export class PurgeEntity {
  @PrimaryColumn({ type: 'integer', generated: 'increment' }) id!: number;
  @Column({ name: 'run_id', type: 'text' }) runId!: string;
  @Column({ type: 'text' }) part!: Part;
  @Column({ name: 'project_id', type: 'text' }) projectId!: string;
  /** The definition of a deleted run, which may be without any run now. */
  @Column({ name: 'definition_hash', type: 'text', nullable: true }) definitionHash!: string | null;
}

/** The end of a pass. */
export interface PassRecord {
  startedAt: string;
  durationMs: number;
  /** Deleted runs, and runs that lost a part. */
  run: number;
  logs: number;
  artifacts: number;
  /** Size of the deleted logs and artifacts. */
  bytes: number;
  /** Why the pass ended early; null if it is complete. */
  failure: string | null;
  /** For how long the clock had been doubted by then, in milliseconds of running. Earlier versions did not record it. */
  clockDoubtedForMs?: number;
}

/** Single row. */
@Entity('retention_state')
export class RetentionStateEntity {
  @PrimaryColumn({ type: 'integer' }) id!: number;
  /** 1 if the data folder was created by a version that deletes old runs by default. */
  @Column({ name: 'prunes_by_default', type: 'integer' }) prunesByDefault!: 0 | 1;
  /** The time that was trusted last; see trusted-time.ts. */
  @Column({ name: 'trusted_at', type: 'text' }) trustedAt!: string;
  @Column({ name: 'last_pass', type: 'simple-json', nullable: true }) lastPass!: PassRecord | null;
}
