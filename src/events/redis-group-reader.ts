import type { Redis } from 'ioredis';
import type { StreamEntry } from './event-stream';
import { HANDY_CHARACTERS, type RedisEntry, type StreamKey, toEntries } from './redis-entries';
import type { RedisConnections } from './redis-connection';

/** Longest blocking read in milliseconds. A recreated stream is detected within this time. */
export const MAX_WAIT_MS = 5_000;
const FIRST_PORTION = 64;
const UNBLOCK_AGAIN_MS = 5;

type Answer = [key: string, entries: RedisEntry[]][] | null;

/** Reads for one consumer of a group, on its own connection. With two streams, the second one is delivered first. */
export class RedisGroupReader {
  private connection: Redis | null = null;
  private clientId: number | null = null;
  /** Entries delivered by Redis that wait until earlier log entries are passed on. */
  private heldBack: StreamEntry[] = [];

  constructor(
    private readonly connections: RedisConnections,
    private readonly streams: readonly StreamKey[],
    private readonly group: string,
    private readonly consumer: string,
  ) {}

  /**
   * Returns up to `count` new entries, waiting up to `waitMs` for the first. An abort ends the wait and loses no
   * entry.
   */
  async read(count: number, waitMs: number, signals: AbortSignal[]): Promise<StreamEntry[]> {
    const read: StreamEntry[] = [];
    let characters = 0;
    // Read in growing batches, because the size of entries is unknown until they arrive.
    for (let portion = FIRST_PORTION; ; portion *= 2) {
      const size = Math.min(portion, count - read.length);
      const entries = await this.portion(size, read.length > 0 ? 0 : waitMs, signals);
      for (const entry of entries) {
        read.push(entry);
        characters += entry.fields.payload?.length ?? 0;
      }
      if (entries.length < size || read.length >= count || characters > HANDY_CHARACTERS) return read;
    }
  }

  private async portion(size: number, waitMs: number, signals: AbortSignal[]): Promise<StreamEntry[]> {
    const [main, ahead] = this.streams;
    if (this.heldBack.length > 0)
      return this.withHeldBack(await this.fetch(size, 0, [ahead!], signals), size);
    const found = await this.fetch(size, waitMs, this.streams, signals);
    this.heldBack = found.filter(({ stream }) => stream === main).map(({ entry }) => entry);
    return this.withHeldBack(
      found.filter(({ stream }) => stream === ahead),
      size,
    );
  }

  /** Returns all entries of the second stream that were published before an entry of the first, and then that entry. */
  private withHeldBack(first: Found[], size: number): StreamEntry[] {
    const entries = first.map(({ entry }) => entry);
    if (first.length === size) return entries; // there may be more, and all of them come first
    const all = [...entries, ...this.heldBack];
    this.heldBack = [];
    return all;
  }

  private async fetch(
    count: number,
    waitMs: number,
    streams: readonly StreamKey[],
    signals: AbortSignal[],
  ): Promise<Found[]> {
    const connection = await this.connected();
    const keys = streams.map(({ key }) => key);
    const waits = waitMs > 0 && !signals.some(({ aborted }) => aborted);
    const reading = connection.call(
      'XREADGROUP',
      ...['GROUP', this.group, this.consumer, 'COUNT', count],
      ...(waits ? ['BLOCK', Math.ceil(waitMs)] : []),
      ...['STREAMS', ...keys, ...keys.map(() => '>')],
    ) as Promise<Answer>;
    const answer = await (waits ? this.unlessAborted(reading, connection, signals) : reading);
    return (answer ?? []).flatMap(([key, entries]) => {
      const stream = streams.find((candidate) => candidate.key === key)!;
      return toEntries(stream, entries).map((entry) => ({ stream, entry }));
    });
  }

  private async connected(): Promise<Redis> {
    if (!this.connection) {
      this.connection = this.connections.openReader(`${this.group}-${this.consumer}`, MAX_WAIT_MS);
      this.connection.on('close', () => (this.clientId = null));
    }
    const connection = await this.connections.usable(this.connection);
    this.clientId ??= Number(await connection.client('ID'));
    return connection;
  }

  /**
   * Ends a blocking read with CLIENT UNBLOCK. Redis has then either delivered entries, whose reply is on its way, or
   * none. Closing the connection would leave that unknown.
   */
  private async unlessAborted(
    reading: Promise<Answer>,
    connection: Redis,
    signals: AbortSignal[],
  ): Promise<Answer> {
    let isOver = false;
    const unblock = async () => {
      try {
        const commands = await this.connections.usable();
        while (!isOver) {
          await commands.client('UNBLOCK', this.clientId ?? 0);
          // Redis may have received UNBLOCK before the read, so repeat it.
          await new Promise((resolve) => setTimeout(resolve, UNBLOCK_AGAIN_MS));
        }
      } catch {
        connection.disconnect(true);
      }
    };
    const onAbort = () => void unblock();
    for (const signal of signals) signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await reading;
    } catch (error) {
      if (signals.some(({ aborted }) => aborted)) return null;
      throw error;
    } finally {
      isOver = true;
      for (const signal of signals) signal.removeEventListener('abort', onAbort);
    }
  }
}

interface Found {
  stream: StreamKey;
  entry: StreamEntry;
}
