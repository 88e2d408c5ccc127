import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Clock, type Instant } from '../clock/clock';
import { boundedGroups } from './bounded-groups';
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
  private seen: GroupState[] = [];
  private timer: NodeJS.Timeout | null = null;
  private looking: Promise<unknown> = Promise.resolve();
  /** Since when the stream cannot be used, as this has seen it; null while it can. */
  troubleSince: Instant | null = null;

  constructor(
    private readonly stream: EventStream,
    private readonly clock: Clock,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    // What lies in our own database is asked for when somebody wants to know.
    if (!this.stream.isVolatile) return;
    const look = () => {
      this.troubleSince = this.stream.trouble === null ? null : (this.troubleSince ?? this.clock.now());
      this.looking = this.groups();
    };
    look();
    this.timer = setInterval(look, LOOK_EVERY_MS);
  }

  async onModuleDestroy(): Promise<void> {
    if (this.timer) clearInterval(this.timer);
    await this.looking;
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

  /** Who else than this server's own appliers of events reads the stream in a group, and was heard of lately. */
  consumers(): SeenConsumer[] {
    return this.seen
      .filter(({ name }) => name !== API_GROUP)
      .flatMap(({ name: group, consumers }) => consumers.map(({ name, idleMs }) => ({ group, name, idleMs })))
      .filter(({ idleMs }) => idleMs <= HERE_MS);
  }
}
