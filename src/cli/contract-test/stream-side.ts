import { Redis, ReplyError } from 'ioredis';
import { API_GROUP } from '../../events/event-stream';
import { parseEvent } from '../../events/parse-event';
import type { RunEvent } from '../../events/run-event';
import { CliFailure, EXIT } from '../failures';

const REPLY_WITHIN_MS = 5_000;
const LOOK_EVERY_MS = 500;

/** An entry written by another client during the test. */
export interface Heard {
  entryId: string;
  /** When Redis stored the entry, in ms since the epoch. */
  atMs: number;
  fields: Record<string, string>;
  /** null if Jobato would reject the entry; `reason` then holds the cause. */
  event: RunEvent | null;
  reason: string | null;
}

/** Jobato's side of the streams: publishes requests and collects the answers. */
export class StreamSide {
  readonly heard: Heard[] = [];
  /** The entries written by this test, as JSON. The listener may read an entry before XADD returns its id. */
  private readonly written = new Set<string>();
  private readonly runIds = new Set<string>();
  /** Ids of the entries of this test and its runs, by stream. close() deletes them. */
  private readonly left = new Map<string, string[]>();
  private readonly lastIds = new Map<string, string>();
  private readonly watchers = new Set<() => void>();
  private listening: Promise<void> = Promise.resolve();
  private trouble: Error | null = null;
  private readerId = '';
  private isClosed = false;

  private constructor(
    private readonly writer: Redis,
    private readonly reader: Redis,
    private readonly stream: string,
    private readonly signal: AbortSignal,
  ) {
    signal.addEventListener('abort', () => this.wake());
  }

  static async open(
    redisUrl: string,
    { stream, logsStream, signal }: { stream: string; logsStream: string; signal: AbortSignal },
  ): Promise<StreamSide> {
    const [writer, reader] = [clientOf(redisUrl), clientOf(redisUrl)];
    try {
      await Promise.all([writer.connect(), reader.connect()]);
      const side = new StreamSide(writer, reader, stream, signal);
      await side.beginListening([stream, logsStream]);
      return side;
    } catch (error) {
      for (const redis of [writer, reader]) redis.disconnect();
      throw new CliFailure(
        `Cannot connect to Redis at ${addressOf(redisUrl)} (${(error as Error).message}).`,
        EXIT.unreachable,
      );
    }
  }

  /** Returns the API's consumers on this stream. They would reject the events of this test's runs. */
  async apiConsumers(): Promise<string[]> {
    try {
      const consumers = (await this.writer.xinfo('CONSUMERS', this.stream, API_GROUP)) as string[][];
      return consumers.map((consumer) => consumer[consumer.indexOf('name') + 1]!);
    } catch (error) {
      if (error instanceof ReplyError) return []; // the stream or the group does not exist
      throw error;
    }
  }

  async publish(fields: Record<string, string>): Promise<void> {
    this.throwTrouble();
    this.written.add(JSON.stringify(fields));
    if (fields.runId !== undefined) this.runIds.add(fields.runId);
    await this.writer.xadd(this.stream, '*', ...Object.entries(fields).flat());
  }

  /** Resolves with true as soon as the condition holds, or with false after the time limit. */
  async until(isSo: () => boolean, withinMs: number): Promise<boolean> {
    const deadlineMs = performance.now() + withinMs;
    for (;;) {
      this.throwTrouble();
      if (isSo()) return true;
      const leftMs = deadlineMs - performance.now();
      if (leftMs <= 0) return false;
      await new Promise<void>((resolve) => {
        const done = () => {
          clearTimeout(timer);
          this.watchers.delete(done);
          resolve();
        };
        const timer = setTimeout(done, Math.min(leftMs, LOOK_EVERY_MS));
        this.watchers.add(done);
      });
    }
  }

  /** Returns the ids of other clients that block on reading a stream; null if Redis does not allow CLIENT LIST. */
  async waitingReaders(): Promise<Set<string> | null> {
    try {
      const list = (await this.writer.client('LIST')) as string;
      const waiting = list
        .split('\n')
        .filter((line) => /\bflags=\w*b/.test(line) && /\bcmd=xread/.test(line))
        .map((line) => /\bid=(\d+)/.exec(line)![1]!);
      return new Set(waiting.filter((id) => id !== this.readerId));
    } catch (error) {
      if (error instanceof ReplyError) return null;
      throw error;
    }
  }

  /** Deletes the entries of this test and the answers, unless `keep` is set. */
  async close({ keep }: { keep: boolean }): Promise<void> {
    this.isClosed = true;
    try {
      for (const [stream, ids] of keep || this.writer.status !== 'ready' ? [] : this.left) {
        await this.writer.xdel(stream, ...ids);
      }
    } finally {
      for (const redis of [this.writer, this.reader]) redis.disconnect();
      await this.listening;
    }
  }

  private async beginListening(streams: string[]): Promise<void> {
    this.readerId = String(await this.reader.client('ID'));
    for (const stream of new Set(streams)) {
      const [last] = await this.writer.xrevrange(stream, '+', '-', 'COUNT', 1);
      this.lastIds.set(stream, last?.[0] ?? '0-0');
    }
    this.listening = this.listen().catch((error: Error) => {
      if (!this.isClosed) this.trouble = error;
      this.wake();
    });
  }

  private async listen(): Promise<void> {
    while (!this.isClosed) {
      const ids = [...this.lastIds.keys(), ...this.lastIds.values()];
      const answer = await this.reader.xread('COUNT', 500, 'BLOCK', LOOK_EVERY_MS, 'STREAMS', ...ids);
      for (const [stream, entries] of answer ?? []) {
        for (const [id, fields] of entries) this.take(stream, id, asObject(fields));
        this.lastIds.set(stream, entries.at(-1)![0]);
      }
      if (answer) this.wake();
    }
  }

  private take(stream: string, entryId: string, fields: Record<string, string>): void {
    const isOurs = this.written.has(JSON.stringify(fields));
    if (isOurs || this.runIds.has(fields.runId ?? '')) {
      this.left.set(stream, [...(this.left.get(stream) ?? []), entryId]);
    }
    if (isOurs) return;
    const { event = null, reason = null } = parseEvent(fields);
    this.heard.push({ entryId, atMs: Number(entryId.split('-')[0]), fields, event, reason });
  }

  private wake(): void {
    for (const look of this.watchers) look();
  }

  private throwTrouble(): void {
    if (this.signal.aborted) throw new CliFailure('Interrupted.', EXIT.interrupted);
    if (this.trouble)
      throw new CliFailure(`The connection to Redis was lost: ${this.trouble.message}`, EXIT.unreachable);
  }
}

function clientOf(redisUrl: string): Redis {
  const redis = new Redis(redisUrl, {
    lazyConnect: true,
    connectTimeout: REPLY_WITHIN_MS,
    commandTimeout: REPLY_WITHIN_MS,
    // After a lost reply the outcome is unknown, and an automatic resend would duplicate a request.
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    retryStrategy: () => null,
  });
  redis.on('error', () => undefined); // the failing command reports the same error
  return redis;
}

/** Returns the host only: the rest of the URL may hold a secret. */
function addressOf(redisUrl: string): string {
  return URL.canParse(redisUrl) ? new URL(redisUrl).host : 'that address';
}

function asObject(fields: string[]): Record<string, string> {
  return Object.fromEntries(
    fields.flatMap((name, at) => (at % 2 === 0 ? [[name, fields[at + 1]!] as const] : [])),
  );
}
