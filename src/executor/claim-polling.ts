import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { Attempt } from './attempt';
import type { SlotLimiter } from './slot-limiter';

/** Short enough that a proxy does not time out the call. */
const WAIT_SECONDS = 25;
const RETRY_MS = 1000;

/** Claims runs with long polling. */
export class ClaimPolling {
  private readonly logger = new Logger(ClaimPolling.name);
  private readonly stopping = new AbortController();
  private polling: Promise<void> = Promise.resolve();
  private failing = false;

  constructor(
    private readonly slots: SlotLimiter,
    private readonly claim: (waitSeconds: number) => Promise<Attempt | null>,
  ) {}

  async start(): Promise<void> {
    this.polling = this.poll();
  }

  /** Resolves when no further run will be claimed. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.polling;
  }

  private async poll(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      await this.slots.untilFree(signal);
      if (signal.aborted) return;
      try {
        await this.slots.take(null, () => this.claim(WAIT_SECONDS));
        if (this.failing) this.logger.log('Claiming runs works again.');
        this.failing = false;
      } catch (error) {
        if (signal.aborted) return;
        if (!this.failing) this.logger.error(`Claiming runs failed, retrying every second: ${String(error)}`);
        this.failing = true;
        await delay(RETRY_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }
}
