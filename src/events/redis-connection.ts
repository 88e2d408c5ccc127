import { Logger } from '@nestjs/common';
import { Redis } from 'ioredis';

/** After this timeout it is unknown whether Redis executed the command. It must not count as not executed. */
const COMMAND_TIMEOUT_MS = 2_000;
const CONNECT_TIMEOUT_MS = 5_000;
const RETRY_WITHIN_MS = 1_000;
/** `end` alone is emitted if the connection is closed before it is established. */
const DECISIONS = ['ready', 'close', 'end'];

/**
 * The connections to one Redis server. They reconnect automatically. Without a connection, every command fails at
 * once.
 */
export class RedisConnections {
  private readonly logger = new Logger('Redis');
  private readonly opened = new Set<Redis>();
  private readonly where: string;
  /** For commands that do not block: publish, acknowledge and queries. */
  readonly commands: Redis;
  /** Why Redis is unavailable; null while it is available. */
  trouble: string | null = 'not connected yet';
  /** Number of reconnects after a lost connection. */
  reconnects = 0;
  private isClosing = false;

  constructor(private readonly url: string) {
    this.where = placeOf(url);
    this.commands = this.open('commands', COMMAND_TIMEOUT_MS);
    let wasReady = false;
    this.commands.on('ready', () => {
      if (wasReady) {
        this.reconnects++;
        this.logger.log(`Reconnected to ${this.where}.`);
      }
      wasReady = true;
      this.trouble = null;
    });
    this.commands.on('error', (error: Error) => this.inTrouble(reasonOf(error)));
    this.commands.on('close', () => this.inTrouble(this.trouble ?? 'the connection was lost'));
  }

  /**
   * Opens a separate connection for reads that block for up to `waitMs`: on a shared one, they would delay other
   * commands.
   */
  openReader(name: string, waitMs: number): Redis {
    const reader = this.open(name, waitMs + COMMAND_TIMEOUT_MS);
    reader.on('error', () => undefined); // the command connection reports errors
    return reader;
  }

  /** Waits for a connection attempt in progress, so that commands do not fail during start-up. */
  async usable(connection: Redis = this.commands): Promise<Redis> {
    if (connection.status === 'connecting' || connection.status === 'connect') {
      await new Promise<void>((resolve) => {
        const decided = () => {
          clearTimeout(timer);
          for (const event of DECISIONS) connection.off(event, decided);
          resolve();
        };
        // Limited, because Redis may take long to load its data.
        const timer = setTimeout(decided, COMMAND_TIMEOUT_MS);
        for (const event of DECISIONS) connection.on(event, decided);
      });
    }
    if (connection.status === 'ready') return connection;
    const state =
      connection.status === 'connect'
        ? 'no response, or Redis is still loading its data'
        : 'the connection was lost';
    throw new Error(`Redis at ${this.where}: ${this.trouble ?? state}`);
  }

  /** Replaces the client's error for a lost connection with a readable one. */
  inWords(error: unknown): Error {
    const isLost = error instanceof Error && error.name === 'MaxRetriesPerRequestError';
    return isLost ? new Error(`Redis at ${this.where}: the connection was lost`) : (error as Error);
  }

  close(): void {
    this.isClosing = true;
    for (const connection of this.opened) connection.disconnect();
  }

  private inTrouble(reason: string): void {
    if (this.trouble === null && !this.isClosing)
      this.logger.error(`Redis at ${this.where}: ${reason}. Reconnecting.`);
    this.trouble = reason;
  }

  private open(name: string, commandTimeout: number): Redis {
    const connection = new WatchedRedis(this.url, {
      connectionName: `jobato-${name}`.replace(/[^\w.:-]/g, '_'),
      connectTimeout: CONNECT_TIMEOUT_MS,
      commandTimeout,
      retryStrategy: (times) => Math.min(50 * times, RETRY_WITHIN_MS),
      // If the client resent an XADD whose answer was lost, the stream would contain a duplicate without notice.
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      enableOfflineQueue: false,
      // After a failover, the old primary answers but rejects writes.
      reconnectOnError: (error) => error.message.startsWith('READONLY'),
    });
    this.opened.add(connection);
    connection.on('end', () => this.opened.delete(connection));
    return connection;
  }
}

/**
 * Reconnects when a command times out. The socket may be dead or the server blocked, and further commands would pile
 * up in memory. The `socketTimeout` of ioredis is no alternative: its timer outlives the socket and closes the next
 * one.
 */
class WatchedRedis extends Redis {
  override sendCommand(...[command, stream]: Parameters<Redis['sendCommand']>): unknown {
    const answer = super.sendCommand(command, stream);
    command.promise.catch((error: Error) => {
      if (error.message === 'Command timed out') this.disconnect(true);
    });
    return answer;
  }
}

/** Returns `host:port`, because the full URL may contain a password. */
function placeOf(url: string): string {
  const { hostname, port, pathname } = new URL(url);
  return hostname === '' ? pathname : `${hostname}:${port === '' ? '6379' : port}`;
}

function reasonOf(error: Error): string {
  const [cause] = error instanceof AggregateError ? (error.errors as Error[]) : [error];
  const message = cause?.message ?? error.message;
  // Client errors while it waits for the reply to its handshake.
  return /timed out|ETIMEDOUT|isn't writeable/.test(message) ? 'no response' : message;
}
