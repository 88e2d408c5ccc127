import type { Redis } from 'ioredis';
import type { StreamEntry } from './event-stream';
import { HANDY_CHARACTERS, type RedisEntry, type StreamKey, toEntries } from './redis-entries';
import type { RedisConnections } from './redis-connection';

/** The longest that a read waits at the server: within this time a stream that was made anew is noticed. */
export const MAX_WAIT_MS = 5_000;
const FIRST_PORTION = 64;
const UNBLOCK_AGAIN_MS = 5;

type Answer = [key: string, entries: RedisEntry[]][] | null;

/** One consumer of a group, with a connection of its own, on one stream or on two of which the second goes first. */
export class RedisGroupReader {
  private connection: Redis | null = null;
  private clientId: number | null = null;
  /** Handed to us, and not passed on before what was logged ahead of it. */
  private heldBack: StreamEntry[] = [];

  constructor(
    private readonly connections: RedisConnections,
    private readonly streams: readonly StreamKey[],
    private readonly group: string,
    private readonly consumer: string,
  ) {}

  /** Up to `count` new entries, waiting up to `waitMs` for the first. Aborting ends the waiting and loses nothing. */
  async read(count: number, waitMs: number, signals: AbortSignal[]): Promise<StreamEntry[]> {
    const read: StreamEntry[] = [];
    let characters = 0;
    // In portions that grow, because the size of entries is only known once they are here.
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

  /** What was published on the second stream before an entry of the first is handed out before it, all of it. */
  private withHeldBack(first: Found[], size: number): StreamEntry[] {
    const entries = first.map(({ entry }) => entry);
    if (first.length === size) return entries; // there may be more, and all of it goes first
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
   * The server itself is asked to end the waiting: it has then either handed entries out, and the answer is on its
   * way, or it has not. Closing the connection would leave that open.
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
          // It may have been asked before the read itself had arrived.
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
