import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A session that somebody signed out of before its time. */
@Entity('ended_sessions')
export class EndedSessionEntity {
  @PrimaryColumn({ name: 'session_id', type: 'text' }) sessionId!: string;
  /** When it would have ended anyway, and need no longer be known. */
  @Column({ name: 'expires_at', type: 'text' }) expiresAt!: string;
}
