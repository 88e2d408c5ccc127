import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Clock, type Instant } from '../clock/clock';
import { Database } from '../database/database';
import { NodeIdentity } from '../lifecycle/node-identity';
import { boundedGroups } from './bounded-groups';
import { InstallationEntity } from './event.entities';
import { API_GROUP, EventStream, type GroupState, WORKER_GROUP } from './event-stream';

const LOOK_EVERY_MS = 2_000;
/** A consumer counts as active for this long after its last read, takeover or acknowledgement. */
const ACTIVE_MS = 60_000;

export interface SeenConsumer {
  group: string;
  name: string;
  /** Milliseconds since the last read, takeover or acknowledgement. */
  idleMs: number;
}

/**
 * Watches the groups of the stream, and detects servers of another installation. While the stream is unavailable, it
 * returns the last known state.
 */
@Injectable()
export class StreamMonitor implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(StreamMonitor.name);
  private lastKnown: GroupState[] = [];
  private installationId: string | null = null;
  private timer: NodeJS.Timeout | null = null;
  private looking: Promise<unknown> = Promise.resolve();
  /** When this monitor first found the stream unavailable; null while it is available. */
  troubleSince: Instant | null = null;
  /** Names of servers of another installation on this stream. */
  foreignServers: readonly string[] = [];

  constructor(
    private readonly stream: EventStream,
    private readonly clock: Clock,
    private readonly database: Database,
    private readonly node: NodeIdentity,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    // The groups of the embedded stream are in the local database and are read on demand.
    if (!this.stream.isVolatile) return;
    const look = () => {
      this.troubleSince = this.stream.trouble === null ? null : (this.troubleSince ?? this.clock.now());
      this.looking = Promise.all([this.groups(), this.register()]);
    };
    look();
    this.timer = setInterval(look, LOOK_EVERY_MS);
  }

  async onModuleDestroy(): Promise<void> {
    if (this.timer) clearInterval(this.timer);
    await this.looking;
    if (this.installationId === null) return;
    // Otherwise other servers would count this one as running until the registration expires.
    await this.stream.unregister(this.installationId, this.node.id).catch(() => undefined);
  }

  /** Returns the current groups, or the last known ones while the stream is unavailable. */
  async groups(): Promise<GroupState[]> {
    if (this.stream.trouble !== null) return this.lastKnown;
    try {
      this.lastKnown = boundedGroups(await this.stream.groups(), [API_GROUP, WORKER_GROUP]);
    } catch {
      // Readers and publishers get the same error, and health reports it.
    }
    return this.lastKnown;
  }

  /** Registers this server on the stream, and finds servers of another installation. */
  private async register(): Promise<void> {
    try {
      this.installationId ??= await this.readInstallationId();
      const others = await this.stream.register(this.installationId, this.node.id);
      const isNews = others.join() !== this.foreignServers.join();
      this.foreignServers = others;
      if (isNews && others.length > 0) this.logger.error(sharedStreamText(others));
    } catch (error) {
      // Health reports an unavailable stream or database. The user of REDIS_URL may lack access to the key of servers.
      this.logger.debug(`Checking for other servers on the stream failed: ${String(error)}`);
    }
  }

  private async readInstallationId(): Promise<string> {
    const [row] = await this.database.find(InstallationEntity, (rows) => rows.find());
    return row!.installationId;
  }

  /** Returns the active consumers of all groups but our own for events, as of the last look. */
  consumers(): SeenConsumer[] {
    return this.lastKnown
      .filter(({ name }) => name !== API_GROUP)
      .flatMap(({ name: group, consumers }) => consumers.map(({ name, idleMs }) => ({ group, name, idleMs })))
      .filter(({ idleMs }) => idleMs <= ACTIVE_MS);
  }
}

/** Explains to operators why the stream must not be shared, and how to change it. */
export function sharedStreamText(nodeIds: readonly string[]): string {
  return (
    `Another Jobato installation uses this event stream: ${nodeIds.join(', ')}. ` +
    'If one was restored from a backup of the other, the copy waits until the original is off. ' +
    'Otherwise, each consumes and rejects events of the other, so runs do not end. ' +
    'Set a different RUN_EVENTS_STREAM, or a REDIS_URL with a different database, for one of them.'
  );
}
