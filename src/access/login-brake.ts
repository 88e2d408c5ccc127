import { createHash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { Injectable } from '@nestjs/common';
import { RateLimiterMemory } from 'rate-limiter-flexible';

/** What one address may guess before it has to wait, and for how long then. */
const GUESSES = 10;
const WAIT_SECONDS = 5 * 60;
/** What all addresses together may guess, so that many of them are no way around it. */
const GUESSES_OF_ALL = 100;
const WINDOW_OF_ALL_SECONDS = 10 * 60;
const KNOWN_MS = 24 * 3600 * 1000;
const KNOWN_ADDRESSES = 1000;

/**
 * Slows down guessing of a secret: one instance for the admin token, by the form and by `Authorization`, and another
 * for worker keys, so that wrong tokens never hold up a worker on the same machine. `isAccepted` decides what a wait
 * means for a secret.
 *
 * What all guess together holds up strangers only. Addresses that have shown the right token lately go on, or anybody
 * who can reach the server could lock everybody out.
 *
 * In memory: wrong tokens are few by their own limit, and a restart forgets them.
 */
@Injectable()
export class LoginBrake {
  private readonly ofAddress = new RateLimiterMemory({ points: GUESSES, duration: WAIT_SECONDS });
  private readonly ofAll = new RateLimiterMemory({ points: GUESSES_OF_ALL, duration: WINDOW_OF_ALL_SECONDS });
  /** A program with an old token says the same again and again, which is no guessing. */
  private readonly told = new RateLimiterMemory({ points: 1, duration: WAIT_SECONDS });
  private readonly known = new Map<string, number>();
  private turn: Promise<unknown> = Promise.resolve();

  /**
   * Whoever looks at a token does so in here, from asking how long its address has to wait until the guess is counted:
   * one after the other, or all that arrive at once would find nothing counted yet. Nothing slow belongs in here.
   */
  inTurn<Result>(look: () => Promise<Result>): Promise<Result> {
    const looked = this.turn.then(look);
    this.turn = looked.catch(() => undefined);
    return looked;
  }

  /** @returns 0 where a token of this address is looked at */
  async waitSeconds(ip: string | undefined): Promise<number> {
    const address = addressOf(ip);
    const waits = [await waitOf(this.ofAddress, address, GUESSES, WAIT_SECONDS)];
    if (!this.isKnown(ip)) {
      waits.push(await waitOf(this.ofAll, 'all', GUESSES_OF_ALL, WINDOW_OF_ALL_SECONDS));
    }
    return Math.max(...waits);
  }

  async wrong(ip: string | undefined, token: string): Promise<void> {
    const address = addressOf(ip);
    const { consumedPoints } = await this.told.penalty(`${address} ${digest(token)}`);
    if (consumedPoints > 1) return;
    await this.ofAll.penalty('all');
    const { remainingPoints } = await this.ofAddress.penalty(address);
    // From the last guess on, not from the first.
    if (remainingPoints === 0) await this.ofAddress.block(address, WAIT_SECONDS);
  }

  /** A right token by `Authorization` takes back no guesses: programs send it all the time, and would cover for others. */
  right(ip: string | undefined): void {
    const address = addressOf(ip);
    this.known.delete(address);
    this.known.set(address, performance.now() + KNOWN_MS);
    if (this.known.size > KNOWN_ADDRESSES) this.known.delete(this.known.keys().next().value!);
  }

  async signedIn(ip: string | undefined): Promise<void> {
    this.right(ip);
    await this.ofAddress.delete(addressOf(ip));
  }

  /** Whether the address has shown a right secret within the last day. */
  private isKnown(ip: string | undefined): boolean {
    return (this.known.get(addressOf(ip)) ?? 0) > performance.now();
  }
}

/** Whoever has one address of IPv6 has all that begin with the same 64 bits. */
export function addressOf(ip = ''): string {
  const plain = ip.replace(/^::ffff:(?=\d+\.)/i, '');
  if (!isIPv6(plain)) return plain;
  const [head = '', tail] = plain.replace(/%.*$/, '').split('::');
  const groups = head.split(':').filter((group) => group !== '');
  const last = tail?.split(':').filter((group) => group !== '') ?? [];
  const filled = [...groups, ...Array<string>(8).fill('0')].slice(0, 8 - last.length).concat(last);
  return `${filled
    .slice(0, 4)
    .map((group) => parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}

/** The limiter forgets by timers, but computes what is left from the wall clock: one that was set back promises too long. */
async function waitOf(
  limiter: RateLimiterMemory,
  key: string,
  guesses: number,
  atMostSeconds: number,
): Promise<number> {
  const state = await limiter.get(key);
  if (state === null || state.consumedPoints < guesses) return 0;
  return Math.min(atMostSeconds, Math.max(0, Math.ceil(state.msBeforeNext / 1000)));
}

function digest(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}
