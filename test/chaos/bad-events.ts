import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { SeededRandom } from '../support/random';
import type { Installation } from './installation';
import { said, type Said, Sender } from './sender';

type Flaw = (event: Said) => Partial<Said>;
/** Each flaw keeps the eventId, by which the test finds the event in the list. */
const FLAWS: Flaw[] = [
  (event) => ({ ...event, payload: '{"attempt":' }),
  (event) => ({ ...event, payload: '{"attempt":"first"}' }),
  (event) => ({ ...event, eventVersion: '2' }),
  (event) => ({ ...event, eventType: 'run.unheard-of' }),
  (event) => ({ ...event, occurredAt: 'yesterday' }),
  (event) => ({ eventId: event.eventId, eventType: event.eventType }),
  (event) => event, // for an unknown run
];

/** Sends invalid events. Each must appear in the list of rejected events exactly once, and no other event may. */
export class BadEvents {
  /** By eventId: the number of data losses in Redis when it accepted the event; null if Redis never confirmed it. */
  readonly sent = new Map<string, number | null>();
  /** Events that the server confirmed as rejected. */
  readonly answered = new Set<string>();
  private readonly ending = new AbortController();
  private readonly sender: Sender;
  private readonly sending: Promise<void>;
  private isPaused = false;
  private sendingOne: Promise<void> = Promise.resolve();

  constructor(
    private readonly installation: Installation,
    private readonly random: SeededRandom,
  ) {
    this.sender = new Sender(installation.redis);
    this.sending = this.sendNowAndThen();
  }

  /** Resolves when no send is in progress; none starts until `resume`. */
  async pause(): Promise<void> {
    this.isPaused = true;
    await this.sendingOne;
  }

  resume(): void {
    this.isPaused = false;
  }

  async end(): Promise<void> {
    this.ending.abort();
    await this.sending;
  }

  private async sendNowAndThen(): Promise<void> {
    const { signal } = this.ending;
    while (!signal.aborted) {
      await delay(this.random.integer(300, 1500), undefined, { signal }).catch(() => undefined);
      if (this.isPaused || signal.aborted) continue;
      this.sendingOne = this.random.next() < 0.3 ? this.sendByHttp() : this.sendByRedis();
      await this.sendingOne;
    }
  }

  private async sendByRedis(): Promise<void> {
    const event = said('run.progress', randomUUID(), {});
    const { losses } = this.installation;
    this.sent.set(event.eventId, null);
    if (await this.sender.sendOnce(this.random.pick(FLAWS)(event))) this.sent.set(event.eventId, losses);
  }

  private async sendByHttp(): Promise<void> {
    const event = said('run.progress', randomUUID(), {});
    this.sent.set(event.eventId, null);
    const body = { ...event, eventVersion: 1, payload: {} };
    const answer = await this.installation.api.call('/api/internal/events', { method: 'POST', body });
    if (answer?.status === 202) this.answered.add(event.eventId);
  }
}
