/** Limits and intervals of retries for a failed upload. Milliseconds. */
export interface RetryLimits {
  /** Doubles with each try, up to `maxDelayMs`. */
  firstDelayMs: number;
  maxDelayMs: number;
  /** With this many temporary refusals (408, 425, 429), the upload fails. */
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

/** A failed try to upload. */
export interface FailedTry {
  /** HTTP status; null without an answer. */
  status: number | null;
  /** Value of `Retry-After` in the answer; null without one. */
  retryAfterMs: number | null;
}

/**
 * Returns the delay before the next try; null if a retry is pointless or there is no time left.
 * @param failed all failed tries, the last one at the end
 * @param elapsedMs since the first try began
 */
export function nextTryDelayMs(
  failed: readonly FailedTry[],
  elapsedMs: number,
  limits: RetryLimits = UPLOAD_RETRIES,
): number | null {
  const { status, retryAfterMs } = failed.at(-1)!;
  if (status !== null && !isTransient(status)) return null;
  if (isRefusal(status) && failed.filter((each) => isRefusal(each.status)).length >= limits.maxRefusals)
    return null;
  const backOffMs = Math.min(limits.maxDelayMs, limits.firstDelayMs * 2 ** (failed.length - 1));
  const delayMs = Math.max(backOffMs, retryAfterMs ?? 0);
  return elapsedMs + delayMs < limits.withinMs ? delayMs : null;
}

/** Whether the same request may succeed later: Request Timeout, Too Early, Too Many Requests, and server errors. */
function isTransient(status: number): boolean {
  const isPermanent = status === 501 || status === 505;
  return isRefusal(status) || (status >= 500 && !isPermanent);
}

function isRefusal(status: number | null): boolean {
  return status !== null && [408, 425, 429].includes(status);
}

/** Parses seconds or an HTTP date (RFC 9110, 10.2.3) into milliseconds from now; null for anything else. */
export function parseRetryAfterMs(header: string | null | undefined, nowMs: number): number | null {
  if (!header) return null;
  if (/^\d+$/.test(header.trim())) return Number(header) * 1000;
  const atMs = Date.parse(header);
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs);
}
