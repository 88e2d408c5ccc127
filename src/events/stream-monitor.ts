import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Clock, type Instant } from '../clock/clock';
import { Database } from '../database/database';
import { NodeIdentity } from '../lifecycle/node-identity';
import { boundedGroups } from './bounded-groups';
import { InstallationEntity } from './event.entities';
import { API_GROUP, EventStream, type GroupState, WORKER_GROUP } from './event-stream';

const LOOK_EVERY_MS = 2_000;
/** A consumer that asks for entries is heard of at least this often. */
const HERE_MS = 60_000;

export interface SeenConsumer {
  group: string;
  name: string;
  /** Milliseconds since it last read, took over or acknowledged. */
  idleMs: number;
}

/** Remembers what the stream last said of its groups, for those who cannot wait for it, or ask while it is away. */
@Injectable()
export class StreamMonitor implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(StreamMonitor.name);
  private seen: GroupState[] = [];
  private installationId: string | null = null;
  private timer: NodeJS.Timeout | null = null;
  private looking: Promise<unknown> = Promise.resolve();
  /** Since when the stream cannot be used, as this has seen it; null while it can. */
  troubleSince: Instant | null = null;
  /** The names of servers of another installation on this stream. */
  strangers: readonly string[] = [];

  constructor(
    private readonly stream: EventStream,
    private readonly clock: Clock,
    private readonly database: Database,
    private readonly node: NodeIdentity,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    // What lies in our own database is asked for when somebody wants to know.
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
    // Another server would take this one for running until the registration expires.
    await this.stream.unregister(this.installationId, this.node.id).catch(() => undefined);
  }

  /** As they are now; as they were last, while the stream is away. */
  async groups(): Promise<GroupState[]> {
    if (this.stream.trouble !== null) return this.seen;
    try {
      this.seen = boundedGroups(await this.stream.groups(), [API_GROUP, WORKER_GROUP]);
    } catch {
      // Whoever reads or publishes finds out as well, and health says so.
    }
    return this.seen;
  }

  /** Tells other servers on the stream of this one, and finds those that have another database. */
  private async register(): Promise<void> {
    if (this.stream.trouble !== null) return;
    try {
      this.installationId ??= await this.readInstallationId();
      const others = await this.stream.register(this.installationId, this.node.id);
      const isNews = others.join() !== this.strangers.join();
      this.strangers = others;
      if (isNews && others.length > 0) this.logger.error(sharedStreamText(others));
    } catch (error) {
      // Health reports a stream or a database that is away. A user of Redis may lack access to the extra key.
      this.logger.debug(`Other servers on the stream cannot be looked for: ${String(error)}`);
    }
  }

  private async readInstallationId(): Promise<string> {
    const [row] = await this.database.rows(InstallationEntity).select(this.database.read, '', []);
    return row!.installationId;
  }

  /** Who else than this server's own appliers of events reads the stream in a group, and was heard of lately. */
  consumers(): SeenConsumer[] {
    return this.seen
      .filter(({ name }) => name !== API_GROUP)
      .flatMap(({ name: group, consumers }) => consumers.map(({ name, idleMs }) => ({ group, name, idleMs })))
      .filter(({ idleMs }) => idleMs <= HERE_MS);
  }
}

/** For people: why it is wrong to share the stream, and how to change it. */
export function sharedStreamText(nodeIds: readonly string[]): string {
  return (
    `Another installation of Jobato uses this event stream: ${nodeIds.join(', ')}. ` +
    "Each takes some of the other's events and rejects them, so runs do not end. " +
    'Set another RUN_EVENTS_STREAM, or a REDIS_URL with another database, for one of them.'
  );
}
