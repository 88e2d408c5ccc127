import type { IncomingMessage, ServerResponse } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import { Clock, toInstant } from '../clock/clock';
import type { Config } from '../config/config';
import { CONFIG } from '../config/config.module';
import { EndedSessionRepository } from './ended-session.repository';
import { cookieOf, newSession, readSession, type Session, SESSION_COOKIE } from './session';

/** Responses in progress of a session, and the timer that ends them when the session expires. */
interface Answers {
  responses: Set<ServerResponse>;
  atEnd: NodeJS.Timeout;
}

/** Sessions of signed-in users. Only ended sessions are stored, so that a copied cookie is useless after sign-out. */
@Injectable()
export class Sessions {
  /** Several middlewares need the session of one request. */
  private readonly found = new WeakMap<IncomingMessage, Promise<Session | null>>();
  private readonly open = new Map<string, Answers>();

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly ended: EndedSessionRepository,
    private readonly clock: Clock,
  ) {}

  /** Returns the cookie of a new session. */
  begin(adminToken: string): string {
    return newSession(adminToken, this.clock.steadyMs());
  }

  /**
   * Returns the session of a request; null without a valid one.
   * @throws if the database cannot be read, so that signed-in users are not treated as signed out
   */
  of(request: IncomingMessage): Promise<Session | null> {
    const known = this.found.get(request);
    if (known) return known;
    const found = this.find(request);
    this.found.set(request, found);
    return found;
  }

  /** Ends the response when the session ends: a reader may follow a log for hours. */
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

  /** @param answer to the sign-out request; all other responses of the session end here */
  async end({ id, expiresMs }: Session, answer: ServerResponse): Promise<void> {
    const now = toInstant(this.clock.steadyMs());
    await this.ended.add({ id, expiresAt: toInstant(expiresMs), now });
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
    return session === null || (await this.ended.has(session.id)) ? null : session;
  }
}
