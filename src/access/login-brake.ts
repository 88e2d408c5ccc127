import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { IPv6 } from 'ipaddr.js';
import { LRUCache } from 'lru-cache';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { parseAddress } from '../config/ip-address';

/** Wrong guesses per address before it must wait, and the length of that wait. */
const GUESSES = 10;
const WAIT_SECONDS = 5 * 60;
/** Wrong guesses of all addresses together, so that an attacker cannot avoid the limit with many addresses. */
const GUESSES_OF_ALL = 100;
const WINDOW_OF_ALL_SECONDS = 10 * 60;
const KNOWN_MS = 24 * 3600 * 1000;
const KNOWN_ADDRESSES = 1000;

/**
 * Limits guessing of a secret. One instance protects the admin token, in the form and in `Authorization`. Another one
 * protects worker keys, so that wrong tokens never delay a worker on the same machine. `isAccepted` applies a wait to
 * a secret.
 *
 * The total limit applies only to unknown addresses. Addresses that recently sent the correct token are exempt;
 * otherwise any client could lock out all users.
 *
 * State is in memory: the limit itself keeps the number of wrong tokens small, and a restart resets it.
 */
@Injectable()
export class LoginBrake {
  private readonly ofAddress = new RateLimiterMemory({ points: GUESSES, duration: WAIT_SECONDS });
  private readonly ofAll = new RateLimiterMemory({ points: GUESSES_OF_ALL, duration: WINDOW_OF_ALL_SECONDS });
  /** A program with an outdated token repeats it, which is not guessing. */
  private readonly told = new RateLimiterMemory({ points: 1, duration: WAIT_SECONDS });
  /** Addresses that sent a correct secret within the last day. */
  private readonly known = new LRUCache<string, true>({
    max: KNOWN_ADDRESSES,
    ttl: KNOWN_MS,
    ttlResolution: 0, // no timer
  });
  private turn: Promise<unknown> = Promise.resolve();

  /**
   * Checks a token without interleaving, from reading the wait until the guess is counted. Otherwise concurrent
   * requests would all see an uncounted state. Keep slow operations out of `look`.
   */
  inTurn<Result>(look: () => Promise<Result>): Promise<Result> {
    const looked = this.turn.then(look);
    this.turn = looked.catch(() => undefined);
    return looked;
  }

  /** @returns 0 if a token of this address is checked */
  async waitSeconds(ip: string | undefined): Promise<number> {
    const address = addressOf(ip);
    const waits = [await waitOf(this.ofAddress, address, GUESSES, WAIT_SECONDS)];
    if (!this.known.has(address)) {
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
    // Count from the last guess, not from the first.
    if (remainingPoints === 0) await this.ofAddress.block(address, WAIT_SECONDS);
  }

  /**
   * Marks an address as known. Keeps its wrong guesses: programs send correct tokens all the time, which would hide
   * guesses of others.
   */
  right(ip: string | undefined): void {
    this.known.set(addressOf(ip), true);
  }

  async signedIn(ip: string | undefined): Promise<void> {
    this.right(ip);
    await this.ofAddress.delete(addressOf(ip));
  }
}

/** Returns the key of an address. All IPv6 addresses with the same first 64 bits belong to one client. */
export function addressOf(ip = ''): string {
  const address = parseAddress(ip);
  if (!(address instanceof IPv6)) return ip;
  if (address.isIPv4MappedAddress()) return address.toIPv4Address().toString();
  const network = address.parts.slice(0, 4).map((part) => part.toString(16));
  return `${network.join(':')}::/64`;
}

/**
 * Bounds the wait. The limiter uses timers for expiry but the wall clock for the remaining time, which is too long if
 * the clock was set back.
 */
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
