import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { isWrite } from './access-rules';

export const FORM_COOKIE = 'jobato_form';
export const FORM_FIELD = 'csrfToken';
const TAG_BYTES = 32;

/** Properties of a request that decide whether its form needs a token from one of Jobato's pages. */
export interface FormRequest {
  method: string;
  path: string;
  origin: string | undefined;
  secFetchSite: string | undefined;
  referer: string | undefined;
  cookie: string | undefined;
  /** Whether it contains the admin token, which browsers never send automatically. */
  hasAdminToken: boolean;
}

/**
 * Whether a request needs a form token. True for every write outside of the API (which accepts only JSON) with any
 * sign of a browser, because another site may have caused it. A request without such signs, cookies included, comes
 * from a program, which has only the rights that it sends.
 */
export function needsFormToken(request: FormRequest): boolean {
  const { method, path, origin, secFetchSite, referer, cookie, hasAdminToken } = request;
  if (!isWrite(method) || isApi(path) || hasAdminToken) return false;
  return [origin, secFetchSite, referer, cookie].some((sign) => sign !== undefined);
}

/** Matches as the router does: in any case, but no other spelling. */
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
 * Computes the tag of a form, with the signed double-submit pattern: only this server can derive it from the browser's
 * cookie. The tag includes the session, so that a cookie and token of another user are useless.
 */
export function formTag(secret: string, cookie: string, session: string | null): Buffer {
  return createHmac('sha256', secret)
    .update(JSON.stringify(['form', cookie, session]))
    .digest();
}

/**
 * Masks the tag with a random pad for each response, so that the compressed size of a page reveals nothing about it
 * (BREACH).
 */
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
