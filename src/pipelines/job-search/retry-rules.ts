/** An answer with one of these may differ at the next try. */
export function isTemporary(status: number): boolean {
  return status === 429 || (status >= 500 && status <= 599);
}

/** A server that asks for a longer pause is not asked again in this run. */
export const MAX_RETRY_AFTER_SECONDS = 60;

/**
 * Returns the pause before the next try, in milliseconds; null if there is none.
 * @param tries how many tries there were, from 1
 * @param retryAfterSeconds what the server asks for; null if it does not
 */
export function pauseBeforeRetry(
  tries: number,
  retryAfterSeconds: number | null,
  { maxTries, delayMs }: { maxTries: number; delayMs: number },
): number | null {
  if (tries >= maxTries) return null;
  if (retryAfterSeconds === null) return delayMs * 2 ** (tries - 1);
  if (retryAfterSeconds > MAX_RETRY_AFTER_SECONDS) return null;
  return Math.max(retryAfterSeconds * 1000, delayMs);
}

/** Returns the seconds in a Retry-After header: a number or a date. Null if there is none, or it is unreadable. */
export function retryAfterSeconds(value: string | undefined, nowMs: number): number | null {
  if (value === undefined) return null;
  if (/^\d{1,9}$/.test(value)) return Number(value);
  const seconds = Math.ceil((Date.parse(value) - nowMs) / 1000);
  return Number.isFinite(seconds) ? Math.max(0, seconds) : null;
}
