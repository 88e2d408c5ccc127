import { createHmac, randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { parseCookie } from 'cookie';
import { matchesAny } from './access-rules';

export const SESSION_COOKIE = 'jobato_session';
export const SESSION_SECONDS = 7 * 24 * 3600;

/** The contents of a session cookie with a valid signature. */
export interface Session {
  id: string;
  expiresMs: number;
}

/**
 * Returns the cookie of a new session: expiry, id, and a signature with the token. Active sessions are not stored, and
 * changing the token ends all of them.
 */
export function newSession(adminToken: string, nowMs: number): string {
  const [expiresMs, id] = [nowMs + SESSION_SECONDS * 1000, randomBytes(16).toString('base64url')];
  return `${expiresMs}.${id}.${signature(adminToken, { expiresMs, id })}`;
}

/** Parses a session cookie; null if it is invalid or expired. */
export function readSession(cookie: string | undefined, adminToken: string, nowMs: number): Session | null {
  const [, end, id, given] = /^([1-9]\d{0,15})\.([\w-]{22})\.([\w-]+)$/.exec(cookie ?? '') ?? [];
  if (end === undefined || id === undefined) return null;
  const session = { id, expiresMs: Number(end) };
  const isOurs = matchesAny(given, [signature(adminToken, session)]);
  return isOurs && session.expiresMs > nowMs ? session : null;
}

export function header({ headers }: IncomingMessage, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

export function cookieOf(header: string | undefined, name: string): string | undefined {
  return header === undefined ? undefined : parseCookie(header)[name];
}

function signature(adminToken: string, { expiresMs, id }: Session): string {
  return createHmac('sha256', adminToken)
    .update(`jobato session ${id} until ${expiresMs}`)
    .digest('base64url');
}
