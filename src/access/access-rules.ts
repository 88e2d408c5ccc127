import { createHash, timingSafeEqual } from 'node:crypto';
import { allowsHost } from '../config/allowed-hosts';
import { SAFE_SECRET_LENGTH } from '../config/secrets';
import type { ErrorCode } from '../http/problem-catalogue';
import { asInHeader, hostName } from './host-name';

/** Properties of a request that decide about access. */
export interface AccessRequest {
  method: string;
  /** As sent, without the query. */
  path: string;
  host: string | undefined;
  /** The host in the request to a trusted proxy; without a proxy, the same as `host`. */
  forwardedHost: string | undefined;
  origin: string | undefined;
  secFetchSite: string | undefined;
  /** Whether the request used HTTPS, as far as the server can detect it. */
  isSecure: boolean;
  authorization: string | undefined;
  apiKey: string | undefined;
  hasSession: boolean;
  /** Above 0 if its address has sent too many wrong tokens. */
  waitSeconds: number;
  /** Above 0 if its address has sent too many wrong worker keys. */
  keyWaitSeconds: number;
}

export interface AccessPolicy {
  /** The address on which the server listens. */
  host: string;
  allowedHosts: string[];
  /** The URL that clients use, such as https://tools.example.com/jobato; null if not configured. */
  publicUrl: string | null;
  corsOrigins: string[];
  adminToken: string | null;
  apiKeys: string[];
}

export type AccessDecision =
  | { allowed: true; byToken?: true; byKey?: true; isOutside?: true }
  | {
      allowed: false;
      code: ErrorCode;
      detail: string;
      retryAfterSeconds?: number;
      wrongToken?: string;
      wrongKey?: string;
    };

const ALLOWED: AccessDecision = { allowed: true };
/** Allowed for anonymous clients, so the request proves no identity. */
const OUTSIDE: AccessDecision = { allowed: true, isOutside: true };

/** Paths readable without a token: health probes and the sign-in page. */
const PROBES = new Set(['/api/health/live', '/api/health/ready']);
/** The only page among them, and the only one that accepts a write. */
const SIGN_IN = '/login';
const OPEN_TO_ALL = new Set([...PROBES, SIGN_IN]);
const OPEN_FOLDER = '/assets/';
const INTERNAL_FOLDER = '/api/internal';

/** Decides about every request, including static files and unknown paths. Denies what no rule allows. */
export function decideAccess(request: AccessRequest, policy: AccessPolicy): AccessDecision {
  // Load balancers and the kubelet call by IP address, or without a name. The two probes return no protected data.
  if (!PROBES.has(request.path) && !isOurName(request.host, policy)) {
    return refuse(
      'MISDIRECTED_REQUEST',
      `The host name "${request.host ?? ''}" is not allowed. To allow it, add it to ALLOWED_HOSTS.`,
    );
  }
  // A preflight request from an allowed origin carries no credentials.
  if (request.method === 'OPTIONS' && policy.corsOrigins.includes(request.origin ?? '')) return ALLOWED;
  if (isWrite(request.method) && comesFromElsewhere(request, policy)) {
    return refuse(
      'FORBIDDEN',
      'A browser sent this request from another site. Only pages of this server can make changes. ' +
        'If a proxy in front of this server changes the Host header, set PUBLIC_URL to the address shown in the browser.',
    );
  }
  if (isInternal(request.path)) return decideWorkerCall(request, policy);
  if (policy.adminToken === null || request.hasSession) return ALLOWED;
  if (isOpenToAll(request)) return OUTSIDE;
  const token = bearerOf(request.authorization);
  if (isAccepted(token, [policy.adminToken], request.waitSeconds)) return { allowed: true, byToken: true };
  if (token !== undefined && request.waitSeconds > 0) return tooManyGuesses(request.waitSeconds);
  return {
    ...refuse(
      'UNAUTHORIZED',
      'This server requires a token. Send "Authorization: Bearer <token>", or sign in.',
    ),
    ...(token !== undefined && { wrongToken: token }),
  };
}

function decideWorkerCall(
  { apiKey, keyWaitSeconds }: AccessRequest,
  { apiKeys }: AccessPolicy,
): AccessDecision {
  const isGuess = mayGuessKey(apiKey, apiKeys);
  if (isAccepted(apiKey, apiKeys, keyWaitSeconds)) return { allowed: true, byKey: true };
  if (isGuess && keyWaitSeconds > 0) return tooManyGuesses(keyWaitSeconds, 'keys');
  return {
    ...refuse(
      'UNAUTHORIZED',
      'This call requires a valid key (JOBATO_API_KEY) in the header X-Jobato-Api-Key.',
    ),
    ...(isGuess && { wrongKey: apiKey }),
  };
}

/** False if no keys are configured or none was sent. */
export function mayGuessKey(apiKey: string | undefined, apiKeys: readonly string[]): apiKey is string {
  return apiKey !== undefined && apiKey !== '' && apiKeys.length > 0;
}

/**
 * Whether a token or key is accepted. A long one is compared even while its address must wait, because it cannot be
 * guessed. Otherwise any process with the same address could lock out workers and the admin by sending wrong ones.
 * During the wait, a short one is refused even if it is correct, because accepting it would confirm a guess.
 */
export function isAccepted(
  given: string | undefined,
  secrets: readonly string[],
  waitSeconds: number,
): given is string {
  const isCompared = waitSeconds === 0 || (given?.length ?? 0) >= SAFE_SECRET_LENGTH;
  return isCompared && matchesAny(given, secrets);
}

export function tooManyGuesses(
  waitSeconds: number,
  what: 'tokens' | 'keys' = 'tokens',
): AccessDecision & { allowed: false } {
  return {
    ...refuse(
      'TOO_MANY_REQUESTS',
      `Too many wrong ${what}. Wait ${waitWords(waitSeconds)}, then try again with the correct one.`,
    ),
    retryAfterSeconds: waitSeconds,
  };
}

/** Formats a wait, rounded up, so that a client that waits as long as stated has waited long enough. */
export function waitWords(seconds: number): string {
  const [count, unit] = seconds < 60 ? [seconds, 'second'] : [Math.ceil(seconds / 60), 'minute'];
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

/** Compares digests with all secrets in constant time, so that the duration reveals nothing about a secret. */
export function matchesAny(given: string | undefined, secrets: readonly string[]): boolean {
  const digest = sha256(given ?? '');
  let matches = false;
  for (const secret of secrets) matches = timingSafeEqual(digest, sha256(secret)) || matches;
  return given !== undefined && matches;
}

function isOurName(host: string | undefined, policy: AccessPolicy): boolean {
  const { name, isLoopback } = hostName(host);
  if (name === null) return false;
  if (isLoopback || asInHeader(policy.host) === name || publicHost(policy) === name) return true;
  return isAllowedHost(name, policy);
}

function isAllowedHost(name: string, { allowedHosts }: AccessPolicy): boolean {
  return allowedHosts.some((entry) =>
    entry.startsWith('.') ? allowsHost(entry, name) : asInHeader(entry) === name,
  );
}

function publicHost({ publicUrl }: AccessPolicy): string | null {
  return publicUrl === null ? null : new URL(publicUrl).hostname;
}

export function isWrite(method: string): boolean {
  return !['GET', 'HEAD', 'OPTIONS'].includes(method);
}

function comesFromElsewhere(request: AccessRequest, policy: AccessPolicy): boolean {
  const { origin, secFetchSite, isSecure } = request;
  if (origin !== undefined && policy.corsOrigins.includes(origin)) return false;
  // The browser compares the origin with the address that it called. No script can set this header, and no proxy
  // changes it, while many proxies change Host.
  if (secFetchSite === 'same-origin') return false;
  if (secFetchSite !== undefined && secFetchSite !== 'none') return true;
  if (origin === undefined) return false;
  if (!isOwnOrigin(origin, request, policy)) return true;
  // An insecure request proves nothing: a proxy that terminates HTTPS may not report it.
  return isSecure && new URL(origin).protocol !== 'https:';
}

/** Whether an origin is one of the addresses of this server. */
export function isOwnOrigin(
  origin: string,
  { host, forwardedHost }: Pick<AccessRequest, 'host' | 'forwardedHost'>,
  policy: AccessPolicy,
): boolean {
  if (!URL.canParse(origin)) return false;
  const url = new URL(origin);
  if ([host, forwardedHost].some((given) => given?.toLowerCase() === url.host)) return true;
  if (policy.publicUrl !== null && new URL(policy.publicUrl).origin === url.origin) return true;
  // The proxy changed Host. Another port on the called name is a different server.
  return url.port === '' && url.hostname !== hostName(host).name && isAllowedHost(url.hostname, policy);
}

/** Matches as liberally as any router might, because a match only denies access. */
export function isInternal(path: string): boolean {
  return decoded(path).toLowerCase().replace(/\/+/g, '/').startsWith(INTERNAL_FOLDER);
}

/** Exact match, because this grants access. */
export function isOpenToAll({ method, path }: Pick<AccessRequest, 'method' | 'path'>): boolean {
  if (isWrite(method) && !(method === 'POST' && path === SIGN_IN)) return false;
  return OPEN_TO_ALL.has(path) || (path.startsWith(OPEN_FOLDER) && !/(\.\.|%|\\|\/\/)/.test(path));
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

export function bearerOf(authorization: string | undefined): string | undefined {
  return /^Bearer (.+)$/i.exec(authorization ?? '')?.[1]?.trim();
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function refuse(code: ErrorCode, detail: string) {
  return { allowed: false as const, code, detail };
}
