import { type Answer, isDelivered } from './answer';

/** What follows from a try. */
export type Decision = { state: 'delivered' } | { state: 'failed' } | { state: 'pending'; delayMs: number };

const FIRST_DELAY_MS = 5_000;
const HOUR_MS = 3_600_000;
/** The longest wait between two tries, also if the receiver asks for more. */
export const MAX_DELAY_MS = HOUR_MS;
/** After this much waiting in all, a delivery is given up. */
export const GIVE_UP_AFTER_MS = 24 * HOUR_MS;
/** Refusals repeat this often, because a receiver that is being deployed answers 404 for a moment. */
export const MAX_REFUSALS = 5;
const WORTH_REPEATING = new Set([408, 425, 429]);

/**
 * Decides about a delivery after a try. Pure.
 * @param attempts number of tries, this one included
 * @param waitedMs sum of the waits between them. No clock decides when to give up: a clock can be set
 * @param random from 0 to 1
 */
export function decide(
  answer: Answer,
  { attempts, waitedMs }: { attempts: number; waitedMs: number },
  random: number,
): Decision {
  if (isDelivered(answer)) return { state: 'delivered' };
  const limit = maxTries(answer);
  if (limit !== null && attempts >= limit) return { state: 'failed' };
  if (waitedMs >= GIVE_UP_AFTER_MS) return { state: 'failed' };
  return { state: 'pending', delayMs: Math.max(delayMs(attempts, random), askedMs(answer)) };
}

/** Returns the wait that the receiver asked for, within bounds; 0 if it did not. */
export function askedMs(answer: Answer): number {
  const seconds = answer.code === 'http' ? (answer.retryAfterSeconds ?? 0) : 0;
  return Math.min(Math.max(0, seconds) * 1000, MAX_DELAY_MS);
}

/** 5 s, 10 s, 20 s … 1 h. Up to a quarter less, so that deliveries that failed together do not stay together. */
function delayMs(attempts: number, random: number): number {
  const full = Math.min(FIRST_DELAY_MS * 2 ** Math.min(attempts - 1, 20), MAX_DELAY_MS);
  return Math.round(full * (1 - random / 4));
}

/** Null: as often as time allows. */
function maxTries(answer: Answer): number | null {
  switch (answer.code) {
    case 'http': {
      const { status } = answer;
      if (status === 410 || (status >= 300 && status < 400)) return 1;
      const isRefusal = status < 500 && !WORTH_REPEATING.has(status);
      return isRefusal ? MAX_REFUSALS : null;
    }
    case 'mail-refused':
      return answer.status !== null && answer.status >= 500 ? MAX_REFUSALS : null;
    case 'private-address':
    case 'crowded-out':
      return 1;
    default:
      return null;
  }
}
