import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A session that a user ended before its expiry. */
@Entity('ended_sessions')
export class EndedSessionEntity {
  @PrimaryColumn({ name: 'session_id', type: 'text' }) sessionId!: string;
  /** When the session expires; afterwards the row is not needed. */
  @Column({ name: 'expires_at', type: 'text' }) expiresAt!: string;
}
