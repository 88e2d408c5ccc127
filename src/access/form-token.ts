import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { isWrite } from './access-rules';

export const FORM_COOKIE = 'jobato_form';
export const FORM_FIELD = 'csrfToken';
const TAG_BYTES = 32;

/** What of a request decides whether its form has to show that it was made by a page of ours. */
export interface FormRequest {
  method: string;
  path: string;
  origin: string | undefined;
  secFetchSite: string | undefined;
  referer: string | undefined;
  cookie: string | undefined;
  /** Whether it brings the admin token itself, which no browser sends unasked. */
  hasAdminToken: boolean;
}

/**
 * Every write outside the API, which takes JSON only, that a browser may have been lured into: one that shows any
 * sign of a browser. Without all of them, cookies too, it is a program, which has no more rights than it brings along.
 */
export function needsFormToken(request: FormRequest): boolean {
  const { method, path, origin, secFetchSite, referer, cookie, hasAdminToken } = request;
  if (!isWrite(method) || isApi(path) || hasAdminToken) return false;
  return [origin, secFetchSite, referer, cookie].some((sign) => sign !== undefined);
}

/** As the router reads it: in any case, and no other spelling. */
export function isApi(path: string): boolean {
  return /^\/api(\/|$)/i.test(path);
}

export function newFormCookie(): string {
  return randomBytes(16).toString('base64url');
}

export function isFormCookie(value: string | undefined): value is string {
  return /^[\w-]{22}$/.test(value ?? '');
}

/**
 * The signed double-submit pattern: a form carries what only this server can make of the browser's cookie. The
 * session is part of it, so that a pair of cookie and token that somebody else was given is of no use.
 */
export function formTag(secret: string, cookie: string, session: string | null): Buffer {
  return createHmac('sha256', secret)
    .update(JSON.stringify(['form', cookie, session]))
    .digest();
}

/** The tag under a pad of its own for each answer: how well a page compresses then tells nothing about it (BREACH). */
export function maskedToken(tag: Buffer): string {
  const pad = randomBytes(TAG_BYTES);
  return Buffer.concat([pad, xor(pad, tag)]).toString('base64url');
}

export function isTokenOf(tag: Buffer, token: unknown): boolean {
  if (typeof token !== 'string' || !/^[\w-]{86}$/.test(token)) return false;
  const bytes = Buffer.from(token, 'base64url');
  return timingSafeEqual(xor(bytes.subarray(0, TAG_BYTES), bytes.subarray(TAG_BYTES)), tag);
}

function xor(left: Buffer, right: Buffer): Buffer {
  return Buffer.from(left.map((byte, index) => byte ^ right[index]!));
}
