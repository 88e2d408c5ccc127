import { LRUCache } from 'lru-cache';
import type { Clock } from '../clock/clock';

const MAX_KEPT = 20_000;

/**
 * Measures how long things last. The first answer is the age that the caller knows from stored times; from then on only
 * the monotonic clock counts, so that a clock that is set announces nothing.
 */
export class Ages {
  private readonly bornAtMs = new LRUCache<string, number>({ max: MAX_KEPT });

  constructor(private readonly clock: Pick<Clock, 'monotonicMs'>) {}

  /** @param atFirstSight milliseconds */
  ageMs(key: string, atFirstSight: number): number {
    const nowMs = this.clock.monotonicMs();
    const born = this.bornAtMs.get(key) ?? nowMs - atFirstSight;
    this.bornAtMs.set(key, born);
    return nowMs - born;
  }
}
