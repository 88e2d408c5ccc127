import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Clock, type Instant } from '../clock/clock';
import { Database } from '../database/database';
import { NodeIdentity } from '../lifecycle/node-identity';
import { boundedGroups } from './bounded-groups';
import { InstallationEntity } from './event.entities';
import { API_GROUP, EventStream, type GroupState, WORKER_GROUP } from './event-stream';

const LOOK_EVERY_MS = 2_000;
/** An active consumer reads at least this often. */
const HERE_MS = 60_000;

export interface SeenConsumer {
  group: string;
  name: string;
  /** Milliseconds since the last read, takeover or acknowledgement. */
  idleMs: number;
}

/**
 * Caches the latest state of the stream's groups. Callers read it without waiting, even while the stream is
 * unavailable.
 */
@Injectable()
export class StreamMonitor implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(StreamMonitor.name);
  private seen: GroupState[] = [];
  private installationId: string | null = null;
  private timer: NodeJS.Timeout | null = null;
  private looking: Promise<unknown> = Promise.resolve();
  /** When this monitor first found the stream unavailable; null while it is available. */
  troubleSince: Instant | null = null;
  /** Names of servers of another installation on this stream. */
  strangers: readonly string[] = [];

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
    if (this.stream.trouble !== null) return this.seen;
    try {
      this.seen = boundedGroups(await this.stream.groups(), [API_GROUP, WORKER_GROUP]);
    } catch {
      // Readers and publishers get the same error, and health reports it.
    }
    return this.seen;
  }

  /** Registers this server on the stream, and finds servers with another database. */
  private async register(): Promise<void> {
    if (this.stream.trouble !== null) return;
    try {
      this.installationId ??= await this.readInstallationId();
      const others = await this.stream.register(this.installationId, this.node.id);
      const isNews = others.join() !== this.strangers.join();
      this.strangers = others;
      if (isNews && others.length > 0) this.logger.error(sharedStreamText(others));
    } catch (error) {
      // Health reports an unavailable stream or database. A user of Redis may lack access to the additional key.
      this.logger.debug(`Checking for other servers on the stream failed: ${String(error)}`);
    }
  }

  private async readInstallationId(): Promise<string> {
    const [row] = await this.database.find(InstallationEntity, (rows) => rows.find());
    return row!.installationId;
  }

  /** Returns recently active consumers outside the group that applies events. */
  consumers(): SeenConsumer[] {
    return this.seen
      .filter(({ name }) => name !== API_GROUP)
      .flatMap(({ name: group, consumers }) => consumers.map(({ name, idleMs }) => ({ group, name, idleMs })))
      .filter(({ idleMs }) => idleMs <= HERE_MS);
  }
}

/** Explains to operators why the stream must not be shared, and how to change it. */
export function sharedStreamText(nodeIds: readonly string[]): string {
  return (
    `Another Jobato installation uses this event stream: ${nodeIds.join(', ')}. ` +
    'Each installation consumes and rejects some events of the other, so runs do not end. ' +
    'Set a different RUN_EVENTS_STREAM, or a REDIS_URL with a different database, for one of them.'
  );
}
