import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { RunView } from '../../src/runs/run-view';
import type { SeededRandom } from '../support/random';
import type { RedisServer } from '../support/redis';
import type { Api } from './api';
import { EVENTS } from './installation';
import { said, type Said, Sender } from './sender';

const GROUP = 'outside';
const WORKER_ID = 'worker-outside';
const LOOK_EVERY_MS = 1000;

/** The behaviour in one attempt at a run. */
type Manner = 'only-end' | 'fail' | 'tell-all' | 'fall-silent' | 'hand-back';
const MANNERS: Manner[] = [
  'only-end',
  'only-end',
  'fail',
  'tell-all',
  'fall-silent',
  'hand-back',
  'hand-back',
];

interface Attempt {
  runId: string;
  attempt: number;
  /** The last event of the attempt, sent again if Redis may have lost it. */
  end: Said | null;
}

/**
 * An external worker with every legal oddity: late, duplicate, without an attempt, silent, or reporting an attempt
 * that it handed back. Events with an attempt number carry it as a metric, too. If a run's metric differs from its
 * attempt, the server accepted events of a worker that had lost the lease.
 */
export class ExternalWorker {
  /** Runs whose lease it lost on purpose. */
  readonly givenUp = new Set<string>();
  private readonly reader: Redis;
  private readonly sender: Sender;
  private readonly attempts = new Map<string, Attempt>();
  private readonly ending = new AbortController();
  private readonly working = new Set<Promise<void>>();
  private readonly reading: Promise<void>;

  constructor(
    redis: RedisServer,
    private readonly api: Api,
    private readonly random: SeededRandom,
  ) {
    this.reader = redis.client();
    this.sender = new Sender(redis);
    // Redis may have restarted without its last second.
    this.reader.on('ready', () => this.sayEndsAgain());
    this.reading = this.read();
  }

  async end(): Promise<void> {
    this.ending.abort();
    this.reader.disconnect();
    await this.reading;
    await Promise.all(this.working);
  }

  private async read(): Promise<void> {
    const { signal } = this.ending;
    while (!signal.aborted) {
      try {
        const answer = (await this.reader.call(
          'XREADGROUP',
          ...['GROUP', GROUP, 'one', 'COUNT', 50, 'BLOCK', 1000, 'STREAMS', EVENTS, '>'],
        )) as [string, [string, string[]][]][] | null;
        for (const [id, fields] of answer?.[0]?.[1] ?? []) {
          this.hear(fields);
          await this.reader.xack(EVENTS, GROUP, id);
        }
      } catch (error) {
        if (String(error).includes('NOGROUP') && !signal.aborted) {
          await this.reader.xgroup('CREATE', EVENTS, GROUP, '0', 'MKSTREAM').catch(() => undefined);
        }
        await delay(100);
      }
    }
  }

  private hear(list: string[]): void {
    const fields = Object.fromEntries(
      Array.from({ length: list.length / 2 }, (_, index) => [list[2 * index]!, list[2 * index + 1]!]),
    );
    const { eventType, runId, payload } = fields;
    if (eventType === 'run.cancel.requested') return this.doBeside(this.stop(runId!));
    if (eventType !== 'run.requested') return;
    const { projectId, attempt } = JSON.parse(payload!) as { projectId: string; attempt: number };
    if (projectId !== 'outside' && projectId !== 'elsewhere') return;
    const known = this.attempts.get(`${runId} ${attempt}`);
    if (!known) return this.doBeside(this.work(runId!, attempt));
    // On a repeated request, the answer may have been lost.
    if (known.end) this.doBeside(this.sender.send(known.end, this.ending.signal));
  }

  private sayEndsAgain(): void {
    for (const { end } of this.attempts.values()) {
      if (end) this.doBeside(this.sender.send(end, this.ending.signal));
    }
  }

  private doBeside(work: Promise<void>): void {
    const beside = work.catch(() => undefined).finally(() => this.working.delete(beside));
    this.working.add(beside);
  }

  private async work(runId: string, attempt: number): Promise<void> {
    const own: Attempt = { runId, attempt, end: null };
    this.attempts.set(`${runId} ${attempt}`, own);
    await delay(this.random.integer(50, 1500));
    const manner = this.random.pick(MANNERS);
    if (manner === 'fall-silent' || manner === 'hand-back') this.givenUp.add(runId);
    switch (manner) {
      case 'only-end':
        own.end = said('run.completed', runId, { persistedResults: 3, issuedCalls: 2, zeroResults: [] });
        await this.say(own.end);
        await this.say(this.random.next() < 0.5 ? own.end : said('run.completed', runId, {}));
        return this.forgetWhenEnded(own);
      case 'fail':
        own.end = said('run.failed', runId, { errorCode: 'NO_NETWORK', message: 'There is no network.' });
        await this.say(own.end);
        return this.forgetWhenEnded(own);
      case 'tell-all':
        if (await this.hold(own, 20)) await this.tell(own);
        return this.endUntilHeard(own);
      case 'fall-silent':
        if (await this.hold(own, 2)) await this.until(own, () => false);
        return this.speakOfThePast(own);
      case 'hand-back':
        if (await this.hold(own, 20)) {
          await this.api.call(`/api/internal/runs/${runId}/release`, {
            method: 'POST',
            body: { workerId: WORKER_ID, attempt },
          });
          await this.speakOfThePast(own);
        }
        // If the release did not arrive, this worker must still end the run.
        return this.endUntilHeard(own);
    }
  }

  /** Reports the start until the server shows this worker; returns false if the run is no longer available. */
  private async hold(own: Attempt, leaseSeconds: number): Promise<boolean> {
    const { runId, attempt } = own;
    const start = said('run.started', runId, { workerId: WORKER_ID, attempt, leaseSeconds });
    let isHeld = false;
    await this.say(start);
    await this.until(own, async (run) => {
      isHeld = run.workerId === WORKER_ID;
      if (!isHeld) await this.say(start);
      return isHeld;
    });
    return isHeld;
  }

  private async tell({ runId, attempt }: Attempt): Promise<void> {
    for (let part = 1; part <= 3; part++) {
      const line = { n: part, text: `attempt ${attempt} outside line ${part}` };
      await this.say(said('run.log', runId, { attempt, lines: [line] }));
      await this.say(said('run.progress', runId, { attempt, current: part, total: 3, metrics: { attempt } }));
      await delay(this.random.integer(50, 300));
    }
  }

  /** Sends events of an attempt that is no longer current; they must change nothing. */
  private async speakOfThePast({ runId, attempt }: Attempt): Promise<void> {
    const metrics = { attempt };
    await this.say(said('run.progress', runId, { attempt, current: 1, metrics }));
    await this.say(said('run.completed', runId, { attempt, metrics }));
  }

  private async endUntilHeard(own: Attempt): Promise<void> {
    const { runId, attempt } = own;
    own.end = said('run.completed', runId, { attempt, newJobsCount: 1, metrics: { attempt } });
    await this.say(own.end);
    await this.until(own, async () => {
      await this.say(own.end!);
      return false;
    });
    own.end = null;
  }

  private async forgetWhenEnded(own: Attempt): Promise<void> {
    await this.until(own, () => false);
    own.end = null;
  }

  /** Confirms half of the stops; the server ends the others. */
  private async stop(runId: string): Promise<void> {
    const isOurs = [...this.attempts.values()].some((attempt) => attempt.runId === runId);
    if (isOurs && this.random.next() < 0.5) await this.say(said('run.cancelled', runId, {}));
  }

  /** Polls the run until its attempt ends or the callback returns true. */
  private async until(
    { runId, attempt }: Attempt,
    isReached: (run: RunView) => boolean | Promise<boolean>,
  ): Promise<void> {
    while (!this.ending.signal.aborted) {
      const run = await this.api.findRun(runId);
      if (run && (run.status !== 'running' || run.attempt !== attempt || (await isReached(run)))) return;
      await delay(LOOK_EVERY_MS, undefined, { signal: this.ending.signal }).catch(() => undefined);
    }
  }

  private say(event: Said): Promise<void> {
    return this.sender.send(event, this.ending.signal);
  }
}
