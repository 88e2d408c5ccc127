import { createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { matchesAny } from './access-rules';

export const SESSION_COOKIE = 'jobato_session';
export const SESSION_SECONDS = 7 * 24 * 3600;

/** A session is its end and a signature made with the token: nothing to store, and a new token ends them all. */
export function newSession(adminToken: string, nowMs: number): string {
  const expiresMs = nowMs + SESSION_SECONDS * 1000;
  return `${expiresMs}.${signature(adminToken, expiresMs)}`;
}

export function isValidSession(session: string | undefined, adminToken: string, nowMs: number): boolean {
  const [, expiresMs, given] = /^(\d{1,16})\.([\w-]+)$/.exec(session ?? '') ?? [];
  return Number(expiresMs) > nowMs && matchesAny(given, [signature(adminToken, Number(expiresMs))]);
}

/** The session that a request comes with, if it is a valid one. */
export function sessionOf(
  { headers }: IncomingMessage,
  policy: { adminToken: string | null },
): string | null {
  const session = cookieOf(headers.cookie, SESSION_COOKIE);
  if (session === undefined || policy.adminToken === null) return null;
  return isValidSession(session, policy.adminToken, Date.now()) ? session : null;
}

export function header({ headers }: IncomingMessage, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

export function cookieOf(header: string | undefined, name: string): string | undefined {
  const prefix = `${name}=`;
  const found = header?.split(';').find((part) => part.trim().startsWith(prefix));
  return found?.trim().slice(prefix.length);
}

function signature(adminToken: string, expiresMs: number): string {
  return createHmac('sha256', adminToken).update(`jobato session until ${expiresMs}`).digest('base64url');
}
