import type { StepRetry } from '../projects/project';

/** Returns the seconds between a failed attempt at a step and the next one. */
export function retryDelaySeconds(
  { delaySeconds, backoff, maxDelaySeconds }: StepRetry,
  failedAttempt: number,
): number {
  const grown = delaySeconds * backoff ** (failedAttempt - 1);
  return Math.round(Math.min(grown, maxDelaySeconds) * 1000) / 1000;
}
