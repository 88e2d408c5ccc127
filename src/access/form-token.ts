import { Tokens } from '@fastify/csrf';
import { isWrite } from './access-rules';

export const FORM_COOKIE = 'jobato_form';
export const FORM_FIELD = 'csrfToken';

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

export function isFormCookie(value: string | undefined): value is string {
  return /^[\w-]{22}$/.test(value ?? '');
}

/**
 * Creates and checks the tokens of forms, with the signed double-submit pattern: only this server can derive a token
 * from the browser's cookie. A token includes the session, so that a cookie and token of another user are useless.
 * Each token has a new salt, so that the compressed size of a page reveals nothing about it (BREACH).
 */
export class FormTokens {
  private readonly tokens;

  constructor(secret: string) {
    this.tokens = new Tokens({ hmacKey: secret, saltLength: 16, secretLength: 16 });
  }

  newCookie(): string {
    return this.tokens.secretSync();
  }

  create(cookie: string, session: string | null): string {
    return this.tokens.create(JSON.stringify([cookie, session]));
  }

  isValid(cookie: string, session: string | null, token: unknown): boolean {
    return typeof token === 'string' && this.tokens.verify(JSON.stringify([cookie, session]), token);
  }
}
