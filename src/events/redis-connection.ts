import { Logger } from '@nestjs/common';
import { Redis } from 'ioredis';

/** A command that has no answer after this long may have been carried out or not: "unknown", never "no". */
const COMMAND_TIMEOUT_MS = 2_000;
const CONNECT_TIMEOUT_MS = 5_000;
const RETRY_WITHIN_MS = 1_000;
/** `end` alone comes where the connection was given up before it stood. */
const DECISIONS = ['ready', 'close', 'end'];

/** The connections to one Redis. They come back by themselves; while they are away, every command says so at once. */
export class RedisConnections {
  private readonly logger = new Logger('Redis');
  private readonly opened = new Set<Redis>();
  private readonly where: string;
  /** For everything that does not wait: publishing, acknowledging, asking. */
  readonly commands: Redis;
  /** Why Redis cannot be used at the moment; null while it can. */
  trouble: string | null = 'not connected yet';
  /** How often the connection came back after it was lost. */
  reconnects = 0;
  private isClosing = false;

  constructor(private readonly url: string) {
    this.where = placeOf(url);
    this.commands = this.open('commands', COMMAND_TIMEOUT_MS);
    let wasReady = false;
    this.commands.on('ready', () => {
      if (wasReady) {
        this.reconnects++;
        this.logger.log(`Connected to ${this.where} again.`);
      }
      wasReady = true;
      this.trouble = null;
    });
    this.commands.on('error', (error: Error) => this.inTrouble(reasonOf(error)));
    this.commands.on('close', () => this.inTrouble(this.trouble ?? 'the connection was lost'));
  }

  /** A connection of its own for reads that wait for up to `waitMs`: they would hold up everything else on it. */
  openReader(name: string, waitMs: number): Redis {
    const reader = this.open(name, waitMs + COMMAND_TIMEOUT_MS);
    reader.on('error', () => undefined); // the one for commands tells of it
    return reader;
  }

  /** Lets a connection attempt that is under way be decided, so that the first moments of a life are no trouble. */
  async usable(connection: Redis = this.commands): Promise<Redis> {
    if (connection.status === 'connecting' || connection.status === 'connect') {
      await new Promise<void>((resolve) => {
        const decided = () => {
          clearTimeout(timer);
          for (const event of DECISIONS) connection.off(event, decided);
          resolve();
        };
        // One that is loading its data may take long.
        const timer = setTimeout(decided, COMMAND_TIMEOUT_MS);
        for (const event of DECISIONS) connection.on(event, decided);
      });
    }
    if (connection.status === 'ready') return connection;
    const state =
      connection.status === 'connect'
        ? 'it does not answer, or is loading its data'
        : 'the connection was lost';
    throw new Error(`Redis at ${this.where}: ${this.trouble ?? state}`);
  }

  /** What the client says of a command whose connection went away, as people would say it. */
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
      this.logger.error(`${this.where}: ${reason}. Trying again.`);
    this.trouble = reason;
  }

  private open(name: string, commandTimeout: number): Redis {
    const connection = new WatchedRedis(this.url, {
      connectionName: `jobato-${name}`.replace(/[^\w.:-]/g, '_'),
      connectTimeout: CONNECT_TIMEOUT_MS,
      commandTimeout,
      retryStrategy: (times) => Math.min(50 * times, RETRY_WITHIN_MS),
      // Sent again by itself, an XADD whose answer was lost would become two entries, and nobody would know.
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      enableOfflineQueue: false,
      // After a fail-over the old primary answers, but takes nothing.
      reconnectOnError: (error) => error.message.startsWith('READONLY'),
    });
    this.opened.add(connection);
    connection.on('end', () => this.opened.delete(connection));
    return connection;
  }
}

/**
 * Opens the connection anew when an answer does not come: the socket may be dead without a word, or the server stand
 * still, and whatever is sent on would pile up in memory. (ioredis' own `socketTimeout` outlives its socket and
 * closes the next one.)
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

/** `host:port`: an address may carry a password, which is nobody's business. */
function placeOf(url: string): string {
  const { hostname, port, pathname } = new URL(url);
  return hostname === '' ? pathname : `${hostname}:${port === '' ? '6379' : port}`;
}

function reasonOf(error: Error): string {
  const [cause] = error instanceof AggregateError ? (error.errors as Error[]) : [error];
  const message = cause?.message ?? error.message;
  // What the client says of itself while it waits for an answer to its greeting.
  return /timed out|ETIMEDOUT|isn't writeable/.test(message) ? 'it does not answer' : message;
}
