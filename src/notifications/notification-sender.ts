import { setTimeout as pause } from 'node:timers/promises';
import {
  type BeforeApplicationShutdown,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Channels } from '../channels/channels';
import { Clock } from '../clock/clock';
import { isTerminal } from '../runs/run';
import { RunChanges } from '../runs/run-changes';
import type { Answer } from './answer';
import { answerText } from './answer-text';
import type { Delivery } from './delivery';
import { DeliveryRepository, MAX_PENDING, type PendingOfChannel } from './delivery.repository';
import { DeliveryTry } from './delivery-try';
import { askedMs, decide, type Decision, MAX_DELAY_MS } from './retry-rules';

/** Messages wait this long in milliseconds, so that they do not compete with the very run they are about. */
const AFTER_RUN_MS = 200;
/** Open requests to one channel. Another channel has its own, so that a dead one delays no other. */
const MAX_OPEN = 4;
const LOOK_AGAIN_MS = 60_000;
/** Milliseconds until the next look while the storage fails, or while notifications.yaml was never valid. */
const RETRY_LOOK_MS = 1_000;
/** Time for open requests at the stop of the server. */
const STOP_WITHIN_MS = 3_000;

/** The open requests of a channel. */
interface Lane {
  open: Map<number, Delivery>;
  /** `monotonicMs` until which the receiver wants no request. */
  pausedUntilMs: number;
  isFailing: boolean;
}

/**
 * Sends deliveries at least once: the result is stored after the answer, so a crash in between sends again with the same
 * id. Looks for work when a run has started or ended, when a request is finished, and when a wait is over.
 */
@Injectable()
export class NotificationSender implements OnApplicationBootstrap, BeforeApplicationShutdown {
  /** Tries since the start, by result, for the metrics. */
  readonly counts = { delivered: 0, failed: 0, retried: 0 };
  private readonly logger = new Logger('Notifications');
  private readonly lanes = new Map<string, Lane>();
  private readonly stopping = new AbortController();
  private looking: Promise<void> | null = null;
  private isKicked = false;
  private isStopped = false;
  private timer: NodeJS.Timeout | null = null;
  private runTimer: NodeJS.Timeout | null = null;
  private readonly open = new Set<Promise<unknown>>();

  constructor(
    private readonly deliveries: DeliveryRepository,
    private readonly tries: DeliveryTry,
    private readonly channels: Channels,
    private readonly changes: RunChanges,
    private readonly clock: Clock,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    this.changes.onAnyChange((run) => {
      if (run.revision === 1 || isTerminal(run)) this.kickSoon();
    });
    this.kick();
  }

  /** Open requests that do not end in time stay pending. */
  async beforeApplicationShutdown(): Promise<void> {
    this.isStopped = true;
    if (this.timer) clearTimeout(this.timer);
    if (this.runTimer) clearTimeout(this.runTimer);
    await this.looking;
    await this.endOpenRequests();
  }

  /** Looks for deliveries that are due. Returns at once. */
  kick(): void {
    this.isKicked = true;
    if (this.looking !== null || this.isStopped) return;
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    this.looking = this.lookWhileKicked()
      .catch((error: unknown) => {
        this.logger.error(`Looking for notifications failed: ${String(error)}`);
        this.lookIn(RETRY_LOOK_MS);
      })
      .finally(() => {
        this.looking = null;
        if (this.isKicked && this.timer === null) this.kick(); // kicked after the last look
      });
  }

  private kickSoon(): void {
    this.runTimer ??= setTimeout(() => {
      this.runTimer = null;
      this.kick();
    }, AFTER_RUN_MS);
  }

  /** Sends a delivery at once, before those that wait, and does not repeat it. @returns the answer */
  async sendNow(delivery: Delivery): Promise<Answer> {
    const lane = this.laneOf(delivery.channelId);
    return this.begin(delivery, lane, (answer) =>
      decide(answer, { attempts: delivery.attempts + 1, waitedMs: delivery.waitedMs }, 0).state ===
      'delivered'
        ? { state: 'delivered' }
        : { state: 'failed' },
    );
  }

  private async lookWhileKicked(): Promise<void> {
    while (this.isKicked && !this.isStopped) {
      this.isKicked = false;
      if (!this.channels.hasBeenRead) return this.lookIn(RETRY_LOOK_MS);
      const waits: number[] = [LOOK_AGAIN_MS];
      for (const channel of await this.deliveries.waiting()) waits.push(await this.lookAt(channel));
      this.lookIn(Math.max(1, Math.min(...waits)));
    }
  }

  /** Starts what is due for a channel. @returns milliseconds until there may be more to do */
  private async lookAt({ channelId, count, nextDueAtMs }: PendingOfChannel): Promise<number> {
    if (count > MAX_PENDING) this.counts.failed += await this.deliveries.giveUpOldest(channelId);
    const lane = this.laneOf(channelId);
    const pauseMs = lane.pausedUntilMs - this.clock.monotonicMs();
    if (pauseMs > 0) return pauseMs;
    if (lane.open.size >= MAX_OPEN) return LOOK_AGAIN_MS; // the end of an open request looks again
    const nowMs = this.clock.steadyMs();
    if (nextDueAtMs > nowMs) return this.waitUntil(nextDueAtMs, nowMs);
    const busy = [...lane.open.values()].flatMap(({ projectId }) => projectId ?? []);
    const rows = await this.deliveries.next(channelId, busy, MAX_OPEN);
    for (const delivery of rows) {
      if (delivery.dueAtMs > nowMs) return this.waitUntil(delivery.dueAtMs, nowMs);
      if (lane.open.size >= MAX_OPEN) break;
      // Messages about one project keep their order.
      const isBusy = [...lane.open.values()].some(({ projectId }) => projectId === delivery.projectId);
      if (isBusy || lane.open.has(delivery.position)) continue;
      this.sendInTurn(delivery, lane);
      this.isKicked = true; // there may be more, of other projects
    }
    return LOOK_AGAIN_MS;
  }

  /** No wait is longer than the limit, unless the clock was set back while no server was running. */
  private async waitUntil(dueAtMs: number, nowMs: number): Promise<number> {
    if (dueAtMs - nowMs <= MAX_DELAY_MS) return dueAtMs - nowMs;
    await this.deliveries.limitDueTimes(nowMs + MAX_DELAY_MS);
    return MAX_DELAY_MS;
  }

  private sendInTurn(delivery: Delivery, lane: Lane): void {
    const progress = { attempts: delivery.attempts + 1, waitedMs: delivery.waitedMs };
    this.begin(delivery, lane, (answer) => decide(answer, progress, Math.random()))
      .catch((error: unknown) => {
        if (this.stopping.signal.aborted) return;
        this.logger.error(`Notification ${delivery.id} was not sent: ${String(error)}`);
        lane.pausedUntilMs = this.clock.monotonicMs() + RETRY_LOOK_MS;
      })
      .finally(() => this.kick());
  }

  private begin(delivery: Delivery, lane: Lane, decideOn: (answer: Answer) => Decision): Promise<Answer> {
    lane.open.set(delivery.position, delivery);
    this.deliveries.inFlight.add(delivery.position);
    const sending = this.sendAndRecord(delivery, lane, decideOn).finally(() => {
      lane.open.delete(delivery.position);
      this.deliveries.inFlight.delete(delivery.position);
      this.open.delete(sending);
    });
    this.open.add(sending);
    return sending;
  }

  private async sendAndRecord(
    delivery: Delivery,
    lane: Lane,
    decideOn: (answer: Answer) => Decision,
  ): Promise<Answer> {
    const { signal } = this.stopping;
    const answer = await this.tries.send(delivery, signal);
    const decision = decideOn(answer);
    // The request was cut off by the stop, so its failure says nothing about the receiver.
    if (signal.aborted && decision.state !== 'delivered') throw new Error('The server is stopping.');
    const asked = askedMs(answer);
    if (asked > 0) lane.pausedUntilMs = this.clock.monotonicMs() + asked;
    this.count(decision);
    this.report(delivery, lane, answer, decision);
    await this.record({ delivery, answer, decision });
    return answer;
  }

  /** Repeats the write until it succeeds. The request stays open meanwhile, so that it is not sent again. */
  private async record(outcome: Parameters<DeliveryRepository['record']>[0]): Promise<void> {
    for (;;) {
      try {
        await this.deliveries.record(outcome);
        return;
      } catch (error) {
        if (this.isStopped) throw error;
        this.logger.error(`The result of a notification cannot be stored: ${String(error)}`);
        await pause(RETRY_LOOK_MS);
      }
    }
  }

  private count({ state }: Decision): void {
    this.counts[state === 'pending' ? 'retried' : state]++;
  }

  /** Logs when a channel begins to fail and when it works again, and each delivery that is given up. */
  private report({ channelId, id }: Delivery, lane: Lane, answer: Answer, { state }: Decision): void {
    if (state === 'delivered') {
      if (lane.isFailing) this.logger.log(`Channel ${channelId} works again.`);
      lane.isFailing = false;
      return;
    }
    const text = answerText(answer);
    if (state === 'failed') this.logger.error(`Channel ${channelId}: notification ${id} failed. ${text}.`);
    else if (!lane.isFailing) this.logger.warn(`Channel ${channelId} fails, trying again. ${text}.`);
    lane.isFailing = true;
  }

  private lookIn(ms: number): void {
    if (this.isStopped) return;
    if (this.timer) clearTimeout(this.timer);
    this.timer = setTimeout(() => this.kick(), ms);
  }

  private laneOf(channelId: string): Lane {
    const known = this.lanes.get(channelId);
    if (known) return known;
    const lane: Lane = { open: new Map(), pausedUntilMs: 0, isFailing: false };
    this.lanes.set(channelId, lane);
    return lane;
  }

  private async endOpenRequests(): Promise<void> {
    const ended = Promise.allSettled(this.open);
    const late = new AbortController();
    await Promise.race([
      ended,
      pause(STOP_WITHIN_MS, undefined, { signal: late.signal }).catch(() => undefined),
    ]);
    late.abort();
    this.stopping.abort();
    // Mails cannot be cut off. They are not recorded, and so are sent again.
    await Promise.race([Promise.allSettled(this.open), pause(500)]);
  }
}
