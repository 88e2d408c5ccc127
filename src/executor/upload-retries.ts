/** Limits and intervals of retries for a failed upload. Milliseconds. */
export interface RetryLimits {
  /** Doubles with each try, up to `maxDelayMs`. */
  firstDelayMs: number;
  maxDelayMs: number;
  /** Temporary refusals (408, 425, 429) before the upload fails. */
  maxRefusals: number;
  /** For all tries together. */
  withinMs: number;
}

export const UPLOAD_RETRIES: RetryLimits = {
  firstDelayMs: 1000,
  maxDelayMs: 30_000,
  maxRefusals: 8,
  withinMs: 30 * 60_000,
};

export interface FailedTry {
  /** HTTP status; null without an answer. */
  status: number | null;
  /** Value of `Retry-After` in the answer; null without one. */
  retryAfterMs: number | null;
}

/**
 * Returns the delay before the next try; null if a retry is pointless or there is no time left.
 * @param tries that have failed, this one included
 * @param elapsedMs since the first try began
 */
export function nextTryDelayMs(
  { status, retryAfterMs }: FailedTry,
  tries: number,
  elapsedMs: number,
  limits: RetryLimits = UPLOAD_RETRIES,
): number | null {
  if (status !== null && !isTransient(status)) return null;
  const isRefusal = status !== null && status < 500;
  if (isRefusal && tries >= limits.maxRefusals) return null;
  const backOffMs = Math.min(limits.maxDelayMs, limits.firstDelayMs * 2 ** (tries - 1));
  const delayMs = Math.max(backOffMs, retryAfterMs ?? 0);
  return elapsedMs + delayMs < limits.withinMs ? delayMs : null;
}

/** Whether the same request may succeed later: Request Timeout, Too Early, Too Many Requests, and server errors. */
function isTransient(status: number): boolean {
  const isForGood = status === 501 || status === 505;
  return [408, 425, 429].includes(status) || (status >= 500 && !isForGood);
}

/** Parses seconds or an HTTP date (RFC 9110, 10.2.3) into milliseconds from now; null for anything else. */
export function retryAfterMs(header: string | null | undefined, nowMs: number): number | null {
  if (!header) return null;
  if (/^\d+$/.test(header.trim())) return Number(header) * 1000;
  const atMs = Date.parse(header);
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs);
}
