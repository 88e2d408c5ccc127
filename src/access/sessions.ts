import type { IncomingMessage, ServerResponse } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import { Clock, type Instant, toInstant } from '../clock/clock';
import type { Config } from '../config/config';
import { CONFIG } from '../config/config.module';
import { Database } from '../database/database';
import type { Transaction } from '../database/writer';
import { cookieOf, newSession, readSession, type Session, SESSION_COOKIE } from './session';

/** What is being answered within a session, and what ends it when the session does by its time. */
interface Answers {
  responses: Set<ServerResponse>;
  atEnd: NodeJS.Timeout;
}

/** Who is signed in. Stored is only who signed out, so that a copy of the cookie is of no use afterwards. */
@Injectable()
export class Sessions {
  /** Asked for by several on the way of one request. */
  private readonly found = new WeakMap<IncomingMessage, Promise<Session | null>>();
  private readonly open = new Map<string, Answers>();

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** The cookie of a new session. */
  begin(adminToken: string): string {
    return newSession(adminToken, this.clock.steadyMs());
  }

  /**
   * The session that a request comes with; null where there is none that counts.
   * @throws where the database cannot be asked, so that nobody is taken for signed out who is not
   */
  of(request: IncomingMessage): Promise<Session | null> {
    const known = this.found.get(request);
    if (known) return known;
    const found = this.find(request);
    this.found.set(request, found);
    return found;
  }

  /** What is answered goes on no longer than the session: a log may be followed for hours. */
  sendTo(session: Session, response: ServerResponse): void {
    const { responses, atEnd } = this.open.get(session.id) ?? this.begun(session);
    responses.add(response);
    response.on('close', () => {
      responses.delete(response);
      if (responses.size > 0) return;
      clearTimeout(atEnd);
      this.open.delete(session.id);
    });
  }

  /** @param answer to whoever signs out; all else that is being sent ends here */
  async end({ id, expiresMs }: Session, answer: ServerResponse): Promise<void> {
    const now = toInstant(this.clock.steadyMs());
    await this.database.write(this.store, { id, expiresAt: toInstant(expiresMs), now });
    this.cutOff(id, answer);
  }

  private begun({ id, expiresMs }: Session): Answers {
    const atEnd = setTimeout(() => this.cutOff(id), expiresMs - this.clock.steadyMs()).unref();
    const answers = { responses: new Set<ServerResponse>(), atEnd };
    this.open.set(id, answers);
    return answers;
  }

  private cutOff(id: string, except?: ServerResponse): void {
    for (const response of this.open.get(id)?.responses ?? []) if (response !== except) response.destroy();
  }

  private async find({ headers }: IncomingMessage): Promise<Session | null> {
    const { adminToken } = this.config;
    const cookie = cookieOf(headers.cookie, SESSION_COOKIE);
    if (cookie === undefined || adminToken === null) return null;
    const session = readSession(cookie, adminToken, this.clock.steadyMs());
    return session === null || (await this.hasEnded(session)) ? null : session;
  }

  private async hasEnded({ id }: Session): Promise<boolean> {
    const ended = await this.database.read.query('SELECT 1 FROM ended_sessions WHERE session_id = ?', [id]);
    return ended.length > 0;
  }

  private readonly store = async (
    tx: Transaction,
    ends: { id: string; expiresAt: Instant; now: Instant }[],
  ): Promise<void[]> => {
    for (const { id, expiresAt, now } of ends) {
      await tx.query('DELETE FROM ended_sessions WHERE expires_at < ?', [now]);
      await tx.query(
        'INSERT INTO ended_sessions (session_id, expires_at) VALUES (?, ?) ON CONFLICT DO NOTHING',
        [id, expiresAt],
      );
    }
    return ends.map(() => undefined);
  };
}
