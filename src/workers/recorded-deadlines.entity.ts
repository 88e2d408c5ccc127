import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { RecordedDeadlines } from './run-deadlines';

/** Single row: the deadlines of the last process. */
@Entity('recorded_deadlines')
export class RecordedDeadlinesEntity {
  @PrimaryColumn({ type: 'integer' }) id!: number;
  @Column({ type: 'simple-json' }) record!: RecordedDeadlines;
}
