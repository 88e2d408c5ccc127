import { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import type { RedisConnections } from './redis-connection';
import { compareIds, type RedisEntry, type StreamKey, toEntries } from './redis-entries';
import { MAX_WAIT_MS } from './redis-group-reader';
import { lastIdOf } from './redis-info';

/** Entries may be large, and a reply must arrive before the command timeout. */
const BATCH = 64;
const RETRY_MS = 500;

/** Reads a stream from its end, without a group. After an outage of Redis, it continues at its last position. */
export class RedisFollower {
  private readonly logger = new Logger(RedisFollower.name);
  private connection: Redis | null = null;
  private following: Promise<void> = Promise.resolve();
  private lastId: string | null = null;
  /**
   * False after an error or a read without entries: the stream may be a new one, so the position is checked before the
   * next read.
   */
  private isOn = false;
  private stopped = false;
  private onStop: () => void = () => undefined;

  constructor(
    private readonly connections: RedisConnections,
    private readonly stream: StreamKey,
    private readonly onEntry: (fields: Record<string, string>) => void,
  ) {}

  /**
   * Resolves when the position on the stream is known: every entry added from then on is read. Also resolves if Redis is
   * unavailable; entries added until it is back may be missed.
   */
  async start(): Promise<void> {
    this.connection = this.connections.openReader('follower', MAX_WAIT_MS);
    await this.findEnd().then(
      () => (this.isOn = true),
      () => undefined,
    );
    this.following = this.followOn();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.connection?.disconnect();
    this.onStop();
    await this.following;
  }

  private async followOn(): Promise<void> {
    while (!this.stopped) {
      try {
        if (!this.isOn) await this.findEnd();
        this.isOn = await this.readOn();
      } catch (error) {
        if (this.stopped) return;
        this.isOn = false;
        this.logger.debug(`Following ${this.stream.key} failed: ${String(error)}`);
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, RETRY_MS);
          this.onStop = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
    }
  }

  /** Sets the position explicitly: `$` means a new end on each read and would skip entries between reads. */
  private async findEnd(): Promise<void> {
    const lastId = await lastIdOf(await this.connections.usable(), this.stream.key);
    // A recreated stream may start with ids below the last position.
    if (this.lastId === null || compareIds(lastId, this.lastId) < 0) this.lastId = lastId;
  }

  /** @returns whether there were any entries */
  private async readOn(): Promise<boolean> {
    const connection = await this.connections.usable(this.connection!);
    const answer = (await connection.xread(
      ...(['COUNT', BATCH, 'BLOCK', MAX_WAIT_MS, 'STREAMS', this.stream.key, this.lastId!] as const),
    )) as [string, RedisEntry[]][] | null;
    const entries = answer?.[0]?.[1] ?? [];
    for (const { fields } of toEntries(this.stream, entries)) this.onEntry(fields);
    this.lastId = entries.at(-1)?.[0] ?? this.lastId;
    return entries.length > 0;
  }
}
